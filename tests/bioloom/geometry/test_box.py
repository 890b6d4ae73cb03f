from bioloom.geometry.box import Box


def test_sides_and_size_of_a_half_open_box():
    box = Box((1, 2), (3, 6))
    assert box.shape == (2, 4)
    assert box.size == 8
    assert not box.empty
    assert box.slices == (slice(1, 3), slice(2, 6))


def test_boxes_that_do_not_meet_have_an_empty_common_part():
    common = Box((0, 0, 0), (2, 2, 2)).clip(Box((3, 0, 0), (5, 2, 2)))
    assert common.empty
    assert common.shape == (0, 2, 2)


def test_grow_shift_and_within():
    box = Box((2, 3), (4, 5))
    assert box.grow(1) == Box((1, 2), (5, 6))
    assert box.grow((0, 2)) == Box((2, 1), (4, 7))
    assert box.shift((1, -3)) == Box((3, 0), (5, 2))
    assert box.within(box.grow(1)) == Box((1, 1), (3, 3))


def test_contains():
    assert Box.of((5, 5)).contains(Box((0, 1), (5, 4)))
    assert not Box.of((5, 5)).contains(Box((0, 1), (6, 4)))
