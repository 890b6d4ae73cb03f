"""From patches to a trained model: sampling, the loop, checkpoints and the exported model."""
