"""Conan 2: builds the checkout that this file lies in.   conan create src/packaging/conan"""

import os
import re

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

CHECKOUT = os.path.join("..", "..", "..")


class Lemnos(ConanFile):
    name = "lemnos"
    description = "Trains neural networks on any vendor's GPU through Vulkan"
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False], "fPIC": [True, False], "vulkan": [True, False]}
    default_options = {"shared": False, "fPIC": True, "vulkan": True}
    implements = ["auto_shared_fpic"]

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, CHECKOUT, "CMakeLists.txt"))
        self.version = re.search(r"project\(lemnos VERSION ([0-9.]+)", text).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "include/*", "src/*", "shaders/*"):
            copy(self, pattern, os.path.join(self.recipe_folder, CHECKOUT), self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("zlib/[>=1.2.13 <2]")
        self.requires("nlohmann_json/[>=3.11 <4]", visible=False)
        self.requires("stb/[*]", visible=False)
        if self.options.vulkan:
            self.requires("vulkan-headers/[>=1.3.239]", visible=False)
            self.requires("vulkan-memory-allocator/[>=3.0]", visible=False)

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25]")
        if self.options.vulkan:
            self.tool_requires("glslang/[*]")

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables.update({"LEMNOS_TESTS": False, "LEMNOS_SAMPLES": False, "LEMNOS_INSTALL": True,
                                          "LEMNOS_VULKAN": bool(self.options.vulkan)})
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        self.cpp_info.libs = ["lemnos"]
        self.cpp_info.set_property("cmake_file_name", "lemnos")
        self.cpp_info.set_property("cmake_target_name", "lemnos::lemnos")
        self.cpp_info.set_property("pkg_config_name", "lemnos")
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["m", "dl", "pthread"]
