#!/usr/bin/env python3
"""Writes c_abi.c: what lemnos.h promises to programs that are compiled already, as a C program that no longer compiles
or links when a promise is broken. Run for a release, and for nothing else:  tests/consume/make_c_abi.py"""
import pathlib
import re
import textwrap

HERE = pathlib.Path(__file__).parent
HEADER = HERE.parent.parent / "include/lemnos/lemnos.h"

HEAD = """/* Made by make_c_abi.py from lemnos.h of version %s: what programs compiled with it rely on. A field
 * may come at the end of a struct, an enumerator or a function may come; nothing else may change. */
#include <stddef.h>
#if __has_include(<vulkan/vulkan_core.h>)
#include <vulkan/vulkan_core.h>
#endif
#include <lemnos/lemnos.h>

#define PLACE(type, field)                                                                                      \\
  _Static_assert(offsetof(type, field) == offsetof(struct released_##type, field), #type "." #field ": moved"); \\
  _Static_assert(sizeof(((type*)0)->field) == sizeof(((struct released_##type*)0)->field), #type "." #field ": size")
#define SAME(type, field)                                                                                           \\
  PLACE(type, field);                                                                                               \\
  _Static_assert(                                                                                                   \\
      __builtin_types_compatible_p(__typeof__(((type*)0)->field), __typeof__(((struct released_##type*)0)->field)), \\
      #type "." #field ": another type")
#define GROWN(type) _Static_assert(sizeof(type) >= sizeof(struct released_##type), #type ": smaller")
#define ENUMERATOR(name, value) _Static_assert((name) == (value), #name ": another value")
/* A second declaration has to be the same, and the function there to be linked. */
#define FUNCTION(result, name, arguments)              \\
  any_function const link_##name = (any_function)name; \\
  result name arguments
typedef void (*any_function)(void);

/* clang-format off */
"""


def field_name(declarator):
    """`*user`, `extents[8]`, `(*submit)(void* user)` -> the name that is declared."""
    return re.search(r"\(\s*\*\s*(\w+)\s*\)|(\w+)\s*(?:\[\w+\])?\s*$", declarator).group(0).strip("(* )").split("[")[0]


def wrapped(words, indent="  "):
    return textwrap.fill(" ".join(words), 120, initial_indent=indent, subsequent_indent=indent)


def struct(name, body, structs):
    """The struct as it was, with those inside it as they were, and a check for each field."""
    fields, checks = [], []
    for declaration in filter(None, (" ".join(d.split()) for d in body.split(";"))):
        inside = declaration.split()[0] in structs
        fields.append("%s%s;" % ("struct released_" if inside else "", declaration))
        names = [declaration] if "(" in declaration else declaration.split(",")
        checks += ["%s(%s, %s);" % ("PLACE" if inside else "SAME", name, field_name(n)) for n in names]
    return ["", "struct released_%s {" % name, wrapped(fields), "};", wrapped(checks, ""), "GROWN(%s);" % name]


def promises(text, structs):
    """The lines of the file for a part of the header."""
    out = []
    item = re.compile(r"typedef (enum|struct) (\w+) \{(.*?)\} \2;|LEMNOS_API ([^;]*);", re.S)
    for kind, name, body, function in item.findall(text):
        if kind == "enum":
            pairs = [pair for pair in re.findall(r"(\w+) = (\w+)", body) if not pair[0].endswith("_MAX")]
            out += ["", wrapped(["ENUMERATOR(%s, %s);" % pair for pair in pairs], "")]
            out.append('_Static_assert(sizeof(%s) == 4, "%s: another size");' % (name, name))
        elif kind == "struct":
            out += struct(name, body, structs)
            structs.add(name)
        else:
            result, name, arguments = re.match(r"(.*?)(\w+)(\(.*\))$", " ".join(function.split())).groups()
            out.append(textwrap.fill("FUNCTION(%s, %s, %s);" % (result.strip(), name, arguments), 120,
                                     subsequent_indent="         "))
    return out


def main():
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    plain, vulkan = re.search(r'extern "C" \{\n#endif(.*)#ifdef VULKAN_CORE_H_(.*?)#endif', text, re.S).groups()
    version = re.search(r"project\(lemnos VERSION (\S+)", (HERE.parent.parent / "CMakeLists.txt").read_text()).group(1)
    structs = set()
    lines = [HEAD % version, *promises(plain, structs), "", "#ifdef VULKAN_CORE_H_", *promises(vulkan, structs), "#endif",
             "", "int main(void) { return 0; }"]
    (HERE / "c_abi.c").write_text("\n".join(lines) + "\n")


main()
