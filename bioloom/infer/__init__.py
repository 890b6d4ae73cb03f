"""From a trained model to the stitched prediction of an image: plan, predict chunks, stitch."""
