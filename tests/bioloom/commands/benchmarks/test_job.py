from bioloom.commands.benchmarks import scene
from bioloom.commands.benchmarks.job import job
from bioloom.volumes.store import open_volume


def test_a_stage_runs_in_a_process_of_its_own_and_leaves_its_files(tmp_path):
    scene.write_image(scene.raw_file(tmp_path), 256)
    found = job("preprocess", tmp_path, 256, 256)()
    assert found.keys() == {"seconds", "memory"}
    assert found["seconds"] > 0
    assert open_volume(scene.image_store(tmp_path)).spatial == (256, 256)
