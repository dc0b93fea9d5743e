"""Arrays in and out: the buffer protocol and DLPack, without copies, and a line for what cannot come in."""
import array

import numpy as np
import pytest

import lemnos as lm

NUMPY = {"f32": np.float32, "f16": np.float16, "i32": np.int32, "u32": np.uint32, "u8": np.uint8, "bool": np.bool_}


@pytest.mark.parametrize("dtype", NUMPY)
def test_the_memory_is_shared(dtype):
    given = np.arange(6).reshape(2, 3).astype(NUMPY[dtype])
    tensor = lm.Tensor(given)
    assert tensor.shape == (2, 3) and tensor.dtype == dtype and len(tensor) == 2
    back = np.asarray(tensor)
    assert back.dtype == NUMPY[dtype] and np.array_equal(back, given)
    assert np.shares_memory(back, given)
    given[1, 2] = 0
    assert back[1, 2] == 0
    assert tensor.tolist() == given.tolist()


@pytest.mark.parametrize("dtype", [d for d in NUMPY if d != "bool"])
def test_dlpack_both_ways(dtype):
    given = np.arange(24).reshape(2, 3, 4).astype(NUMPY[dtype])
    tensor = lm.from_dlpack(given)
    assert tensor.dtype == dtype and tensor.shape == (2, 3, 4)
    assert np.shares_memory(np.asarray(tensor), given)
    back = np.from_dlpack(tensor)
    assert np.shares_memory(back, given) and np.array_equal(back, given)
    assert tensor.__dlpack_device__() == (1, 0)
    del given, tensor
    assert back.sum() == sum(range(24))  # the memory stays as long as anybody holds it


def test_a_capsule_that_nobody_takes_is_released():
    tensor = lm.Tensor(np.ones(3, np.float32))
    for version in (None, (1, 0)):
        capsule = tensor.__dlpack__(max_version=version)
        assert "dltensor" in repr(capsule)
        del capsule
    assert tensor.tolist() == [1, 1, 1]


def test_views_come_in_as_dense_rows():
    given = np.arange(24, dtype=np.float32).reshape(4, 6)
    for view in (given.T, given[:, ::2], given[::-1]):
        assert np.array_equal(lm.Tensor(view).numpy(), view)
        assert np.array_equal(lm.from_dlpack(view).numpy(), view)


def test_read_only_memory_stays_read_only():
    given = np.ones(3, np.float32)
    given.flags.writeable = False
    tensor = lm.Tensor(given)
    assert not tensor.numpy().flags.writeable
    with pytest.raises(BufferError, match="read only"):
        tensor.__dlpack__()


def test_other_libraries_arrays():
    assert lm.Tensor(array.array("f", [1, 2])).tolist() == [1, 2]
    assert lm.Tensor(memoryview(b"\x01\x02")).dtype == "u8"
    assert lm.Tensor([[1, 2], [3, 4]]).dtype == "i32"
    assert lm.Tensor([[1.5], [2]]).tolist() == [[1.5], [2.0]]
    assert lm.Tensor(2.5).item() == 2.5 and float(lm.Tensor(2.5)) == 2.5
    assert lm.Tensor([1, 0], "bf16").numpy().dtype == np.float32
    with pytest.raises(BufferError, match="bf16"):
        memoryview(lm.Tensor([1, 0], "bf16"))


@pytest.mark.parametrize("dtype, remedy", [("float64", "float32"), ("int64", "int32"), ("int16", "int32"), ("uint16", "int32")])
def test_another_element_type_is_one_line(dtype, remedy):
    with pytest.raises(lm.Error) as caught:
        lm.Tensor(np.zeros(2, dtype))
    assert caught.value.code == "unsupported"
    assert str(caught.value).startswith(f"Tensor: array is an array of {dtype}; there are float32")
    assert f"astype('{remedy}')" in str(caught.value) and "\n" not in str(caught.value)


def test_big_endian_numbers_are_refused():
    with pytest.raises(lm.Error, match="big-endian"):
        lm.Tensor(np.zeros(2, ">f4"))


class OnAnotherDevice:
    def __dlpack_device__(self):
        return (2, 1)

    def __dlpack__(self, **_):
        raise AssertionError("asked for, although it lies elsewhere")


@pytest.mark.parametrize("take", [lm.from_dlpack, lm.Tensor])
def test_another_device_is_one_line(take):
    with pytest.raises(lm.Error) as caught:
        take(OnAnotherDevice())
    assert caught.value.code == "unsupported"
    assert "is on cuda:1, Lemnos takes arrays in host memory: copy it there first" in str(caught.value)


def test_what_is_no_array():
    with pytest.raises(TypeError, match="from_dlpack: array is a list, it takes an array with __dlpack__"):
        lm.from_dlpack([1])
    with pytest.raises(TypeError, match="is a str, it takes an array, a number or lists of numbers"):
        lm.Tensor("abc")
    with pytest.raises(lm.Error, match="lists of 2 and of 1"):
        lm.Tensor([[1, 2], [3]])
    with pytest.raises(lm.Error, match="holds 300, which is no u8"):
        lm.Tensor([300], "u8")
    with pytest.raises(TypeError, match="a scalar has no length"):
        len(lm.Tensor(1.0))
