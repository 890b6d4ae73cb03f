import torch

from bioloom.train.reproducible import reproducible, step_seed


def test_the_seeds_of_steps_differ_and_stay():
    seeds = {step_seed(seed, step) for seed in range(20) for step in range(200)}
    assert len(seeds) == 4000
    assert step_seed(3, 7) == step_seed(3, 7) != step_seed(7, 3)
    torch.manual_seed(max(seeds))  # the range that PyTorch accepts


def test_everything_is_set_inside_and_put_back_outside():
    threads = torch.get_num_threads()
    with reproducible(threads=1) as used:
        assert used == torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.benchmark
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_number_of_threads_stays_unless_given():
    before = torch.get_num_threads()
    for threads in (None, 0):
        with reproducible(threads) as used:
            assert used == torch.get_num_threads() == before
