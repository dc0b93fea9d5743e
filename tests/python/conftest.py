"""`device` is the CPU reference in tests of the label unit, and every usable Vulkan device in those marked `device`."""
import os

import pytest

import lemnos as lm


def pytest_configure(config):
    config.addinivalue_line("markers", "device: runs on Vulkan devices")


def pytest_generate_tests(metafunc):
    if "device" not in metafunc.fixturenames:
        return
    names = ["cpu"]
    if os.environ.get("LEMNOS_PYTHON_TEST_DEVICE", "device") == "device":
        names += [d.name for d in lm.Device.list() if d.usable and d.type != "cpu_reference"]
    marks = [pytest.param(n, marks=[] if n == "cpu" else [pytest.mark.device]) for n in names]
    metafunc.parametrize("device", marks, indirect=True, scope="session")


@pytest.fixture(scope="session")
def device(request):
    return lm.Device.find(request.param)


@pytest.fixture(scope="session")
def cpu():
    """For what does not depend on the device."""
    return lm.Device.cpu()
