#!/usr/bin/env python3
"""Writes the tables of the binding from the public headers:   generate.py INCLUDE_FOLDER OUTPUT_FOLDER

    generated.h     words of enumerations, results as named tuples, structs of options by keyword
    generated.cpp   functions of ops.h, data.h, metrics.h, callback.h, schedule.h; names and comments of layers, ..

What a header gains is in Python with the next build; what cannot be said in Python stands in SKIPPED with the reason.
"""
import keyword
import re
import sys
from pathlib import Path

import headers

HEADERS = ["tensor", "device", "init", "ops", "nn", "augment", "loss", "optim", "schedule", "data", "metrics", "callback",
           "train", "session", "selection"]
SKIPPED = {
    "source_of": "lemnos.data.Source takes a data set",
    "text": "str() of what it prints",
    "masked_mean": "loss.h is bound by hand: three functions",
}
SKIPPED_FIELDS = {
    "TrainerOptions": {"tuning", "tune_seconds"}, "FitOptions": {"validation_source"},
    "UpdateOptions": {"parameters", "name", "norm_of", "groups"},  # by values; a Trainer has groups by name
    "CompileOptions": {"targets", "tuning", "tune_seconds", "force_variant", "guard_bytes"},
    "DeviceCaps": {"matrix_shapes"}, "IndexErrors": set(), "LearningRateRangeOptions": set(),
}
RECORDS = ["BatchNormed", "BatchRows", "Recurrent", "Split", "Parts", "Fold", "ImageFolder", "ClassScores", "ThresholdPoint",
           "RegressionScores", "Metrics", "StepMetrics", "Progress", "StepCounts", "LoadReport", "PlanSummary",
           "DeviceCounters", "DeviceCaps", "DeviceQuirk", "SelfTest", "DeviceInfo", "LearningRateRange"]
SET_BY_HAND = {"FitOptions": {"validation"}}  # a data set, a source or arrays
FROM_DICT = ["NamedGroup", "LossScale"]
OPTIONS = ["FitOptions", "TrainerOptions", "CompileOptions", "LearningRateRangeOptions"]
FLAT = {"update": "UpdateOptions"}  # a field whose own fields stand among the others

PLAIN = {"float": "float", "double": "float", "bool": "bool", "std::string": "str", "std::string_view": "str",
         "std::filesystem::path": "str | os.PathLike[str]", "DType": "DType", "Graph&": "Graph", "Dataset": "Dataset",
         "Array": "Array", "Shape": "Sequence[int]", "Value": "Operand", "Loss": "Loss | str | Callable[..., Value]",
         "optim::Optimizer": "Optimizer | str", "const data::Dataset*": "Dataset | tuple[Array, Array]",
         "std::vector<metrics::Metric>": "Mapping[str, Metric | Loss | Callable[..., Value]]",
         "std::vector<Callback>": "Sequence[Callback | Callable[[FitRun], Any] | Any]",
         "std::function<bool(const Progress&)>": "Callable[[Progress], Any]", "Schedule": "Schedule",
         "NamedGroup": "Mapping[str, Any]", "LossScale": "Mapping[str, float]"}
RETURNED = {"Value": "Value", "Array": "Tensor", "Shape": "tuple[int, ...]", "Scaling": "Scaling"}
enums, structs, by_header = {}, {}, {}


def annotation(cpp, returned=False):
    if cpp in PLAIN and not returned:
        return PLAIN[cpp]
    cpp = re.sub(r"^(const )?(lemnos::|data::)?(?=(Value|Dataset|Array|DType|Shape)\b)", "", cpp.removesuffix("&") if cpp != "Graph&" else cpp)
    if returned and cpp in RETURNED:
        return RETURNED[cpp]
    if cpp in PLAIN:
        return PLAIN[cpp]
    if re.fullmatch(r"u?int\d*(_t)?|size_t", cpp):
        return "int"
    if cpp in enums:
        return "Literal[" + ", ".join(f"'{w}'" for w in enums[cpp].words) + "]"
    if cpp in structs and (cpp in RECORDS or returned):
        return cpp
    if match := re.fullmatch(r"std::(?:vector|span)<(?:const )?(.*)>", cpp):
        inner = annotation(match[1], returned)
        if returned:
            return f"list[{inner}]"
        return f"Array | Sequence[{inner}]" if match[1] in ("float", "int32_t") else f"Sequence[{inner}]"
    if match := re.fullmatch(r"std::array<(.*), (\d+)>", cpp):
        inner = annotation(match[1], returned)
        return f"tuple[{inner}, ...]" if returned else f"{inner} | Sequence[{inner}]"
    if match := re.fullmatch(r"std::pair<(.*), (.*)>", cpp):
        return f"tuple[{annotation(match[1], returned)}, {annotation(match[2], returned)}]"
    if match := re.fullmatch(r"std::optional<(.*)>", cpp):
        return annotation(match[1], returned)
    raise SystemExit(f"generate.py: no Python type for {cpp}")


def python_default(text, cpp):
    """As Python writes it; "None" where leaving it out is the default."""
    text = text.strip()
    if text in ("{}", "nullptr"):
        return "()" if cpp.startswith("std::vector") and "Value" not in cpp and "Metric" not in cpp else "''" if "string" in cpp else "None"
    if text in ("true", "false"):
        return text.title()
    if text.startswith('"'):
        return text
    if text.startswith("{"):
        inner = ", ".join(python_default(part, "") for part in headers.split(text[1:-1]))
        # inspect.signature loses the comma of (1,)
        return f"[{inner}]" if len(headers.split(text[1:-1])) == 1 else f"({inner})"
    if match := re.fullmatch(r"u?int64_t\{1\} << (\d+)", text):
        return str(1 << int(match[1]))
    if match := re.fullmatch(r"([\w:]+)::(\w+)", text):
        return f"'{match[2]}'"
    if text.startswith("0x"):
        return repr(float.fromhex(text.removesuffix("f")))
    if re.fullmatch(r"-?[\d.]+(e-?\d+)?f?", text):
        number = text.removesuffix("f")
        return repr(float(number)) if cpp in ("float", "double") else number
    if re.fullmatch(r"\w+(::\w+)*\{.*\}", text):
        return "None"
    raise SystemExit(f"generate.py: no Python default for {text}")


def python_name(name):
    return name + "_" if keyword.iskeyword(name) else name


def declared(parameter):
    """`rate: float = 0.5`, as a signature has it."""
    kind = annotation(parameter.type)
    written = "{}" if parameter.default is None and parameter.type.startswith("std::optional") else parameter.default
    default = None if written is None else python_default(written, parameter.type)
    if default == "None":
        kind += " | None"
    return f"{python_name(parameter.name)}: {kind}" + (f" = {default}" if default is not None else "")


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def getter(parameter, place):
    """The C++ expression for an argument."""
    cpp = re.sub(r"^const ", "", parameter.type)
    if cpp == "Graph&":
        return f"*c.get<Graph*>({place})"
    if cpp == "Dataset":
        return f"*c.get<const data::Dataset*>({place})"
    cpp = re.sub(r"std::span<const (.*)>", r"std::vector<\1>", cpp).replace("std::string_view", "std::string")
    if parameter.default is None:
        return f"c.get<{cpp}>({place})"
    default = parameter.default
    value = cpp + (default if default.startswith("{") else f"({default})")
    return f"c.get<{cpp}>({place}, {value})"


def wanted_fields(struct):
    return [f for f in struct.fields if f.name not in SKIPPED_FIELDS.get(struct.name, ())]


def function_entry(function):
    """A row of a table: the arguments, then the fields of its options by keyword."""
    positional, keywords, before, arguments = [], [], [], []
    options = [p for p in function.parameters if p.type in structs and p.type not in RECORDS and p.type not in PLAIN]
    order = []  # of parameters in Python: (parameter, or (struct variable, field))
    for p in function.parameters:
        if p.type == "TensorDesc":
            order += [(p, f) for f in structs["TensorDesc"].fields]
            positional += [declared(f) for f in structs["TensorDesc"].fields]
        elif p not in options:
            order.append((p, None))
            positional.append(declared(p))
    for p in options:
        if p.type != "TensorDesc":
            order += [(p, f) for f in wanted_fields(structs[p.type])]
            keywords += [declared(f) for f in wanted_fields(structs[p.type])]
    for p in function.parameters:
        if p in options:
            before.append(f"{p.type} {p.name};")
            before += [f"c.set({i}, {p.name}.{f.name});" for i, (owner, f) in enumerate(order) if f and owner is p]
            arguments.append(p.name)
        else:
            arguments.append(getter(p, order.index((p, None))))
    parameters = positional + (["*"] + keywords if keywords else [])
    signature = f"{function.name}({', '.join(parameters)}) -> {annotation(function.returns, True)}"
    doc = function.doc or "\n".join(f"{f.name}: {f.doc}" for o, f in order if f and f.doc)
    unused = "" if order else "[[maybe_unused]] "
    call = f"{function.namespace}::{function.name}({', '.join(arguments)})"
    return (f"    {{{quoted(signature)},\n     {quoted(doc)},\n     []({unused}const Call& c) -> py::object {{\n"
            f"       {' '.join(before)}\n       return give({call});\n     }}}},\n")


def struct_entry(struct, returns, made, extra=None):
    """A function that makes a struct of options: lemnos.callback.EarlyStopping(..)."""
    fields = wanted_fields(struct)
    keywords = extra.fields[1:] if extra else []  # the first is the shape
    parameters = [declared(f) for f in fields] + (["*"] + [declared(f) for f in keywords] if keywords else [])
    body = [f"{struct.namespace}::{struct.name} fields;"] + [f"c.set({i}, fields.{f.name});" for i, f in enumerate(fields)]
    if extra:
        body += ["optim::Schedule made;", "made.shape = fields;"]
        body += [f"c.set({len(fields) + i}, made.{f.name});" for i, f in enumerate(keywords)]
    notes = " ".join(f"{f.name}: {f.doc}." for f in fields if f.doc)
    doc = (struct.doc + " " + notes).strip()
    unused = "" if parameters else "[[maybe_unused]] "
    return (f"    {{{quoted(struct.name + '(' + ', '.join(parameters) + ') -> ' + returns)},\n"
            f"     {quoted(doc)},\n     []({unused}const Call& c) -> py::object {{\n       {' '.join(body)}\n"
            f"       return py::cast({made});\n     }}}},\n")


def table(name, rows):
    return f"const Entry {name}_rows[] = {{\n{''.join(rows)}}};\n"


def option_fields(struct):
    """(path, field) of the fields that stand among the arguments."""
    for f in wanted_fields(struct):
        if f.name in FLAT:
            yield from ((f.name + "." + path, inner) for path, inner in option_fields(structs[FLAT[f.name]]))
        else:
            yield f.name, f


def write_header(out):
    out.append("// Written by generate.py from the public headers.\n#pragma once\n\n#include \"convert.h\"\n"
               "#include \"lemnos/lemnos.hpp\"\n#include \"bind.h\"\n\nnamespace lemnos::python {\n\n")
    for e in enums.values():
        words = ", ".join(f'"{w}"' for w in e.words)
        out.append(f"template <>\nstruct Words<{e.namespace}::{e.name}> {{\n  static std::span<const char* const> all() {{\n"
                   f"    static constexpr const char* kWords[] = {{{words}}};\n    return kWords;\n  }}\n}};\n")
    for name in RECORDS:
        s = structs[name]
        values = ", ".join(f"python::give(v.{f.name})" for f in wanted_fields(s))
        out.append(f"template <>\nstruct To<{s.namespace}::{name}> {{\n  static py::object give(const {s.namespace}::{name}& v) {{\n"
                   f"    return record(\"{name}\", {{{values}}});\n  }}\n}};\n")
    s = structs["BatchNormed"]
    reads = "\n    ".join(f"if (!h.attr(\"{f.name}\").is_none()) made.{f.name} = From<Value>::get(c, i, h.attr(\"{f.name}\"));" for f in s.fields)
    out.append("template <>\nstruct From<BatchNormed> {\n  static BatchNormed get(const Call& c, size_t i, py::handle h) {\n"
               "    if (!py::hasattr(h, \"statistics\")) wrong_type(c.where(i), h, \"what batch_norm returned\");\n"
               f"    BatchNormed made;\n    {reads}\n    return made;\n  }}\n}};\n")
    for name in FROM_DICT:
        s = structs[name]
        reads = "\n".join(f"      if (key == \"{f.name}\") {{ made.{f.name} = From<{f.type}>::get(c, i, value); continue; }}" for f in s.fields)
        known = ", ".join(f.name for f in s.fields)
        out.append(f"template <>\nstruct From<{s.namespace}::{name}> {{\n  static {s.namespace}::{name} get(const Call& c, size_t i, py::handle h) {{\n"
                   f"    {s.namespace}::{name} made;\n    if (!py::isinstance<py::dict>(h)) wrong_type(c.where(i), h, \"a dict with {known}\");\n"
                   f"    for (const auto& [name, value] : py::reinterpret_borrow<py::dict>(h)) {{\n"
                   f"      const std::string key = word_of(c.where(i), name);\n{reads}\n"
                   f"      fail_key(c.where(i), key, \"{known}\");\n    }}\n    return made;\n  }}\n}};\n")
    for name in OPTIONS:
        s = structs[name]
        fields = list(option_fields(s))
        parameters = ", ".join(declared(f) for _, f in fields)
        by_hand = SET_BY_HAND.get(name, set())
        sets = "\n".join(f"    c.set(first + {i}, o.{path});" for i, (path, _) in enumerate(fields) if path not in by_hand)
        places = "".join(f"  static constexpr size_t k{path.title()} = {i};\n" for i, (path, _) in enumerate(fields) if path in by_hand)
        out.append(f"template <>\nstruct Options<{s.namespace}::{name}> {{\n  static constexpr const char* kParameters = {quoted(parameters)};\n"
                   f"{places}"
                   f"  static void set(const Call& c, size_t first, {s.namespace}::{name}& o) {{\n{sets}\n  }}\n}};\n")
    out.append("}  // namespace lemnos::python\n")


def flags(struct):
    return " ".join(f.name for f in struct.fields if f.type == "bool")


def write_tables(out):
    out.append("// Written by generate.py from the public headers.\n#include \"generated.h\"\n\n"
               "namespace lemnos::python {\n\nusing namespace data;\n\nnamespace {\n\n")
    for module, header in (("op", "ops"), ("data", "data"), ("metric", "metrics")):
        seen, rows = set(), []
        for f in by_header[header].functions:
            if f.name not in SKIPPED and f.name not in seen:
                rows.append(function_entry(f))
            seen.add(f.name)
        if header == "metrics":
            rows += [struct_entry(structs[n], "Metric", "metrics::Metric::Function(fields)") for n in ("TopK", "BinaryAccuracy")]
        out.append(table(module, rows))
    out.append(table("callback", [struct_entry(s, "Callback", "Callback(fields)") for s in by_header["callback"].structs.values()
                                  if s.namespace == "lemnos::callback" and s.name != "OnEpoch"]))
    schedule = structs["Schedule"]
    out.append(table("schedule", [struct_entry(s, "Schedule", "made", schedule) for s in by_header["schedule"].structs.values()
                                  if s is not schedule]))
    out.append(table("init", [function_entry(f).replace("lemnos::Init::", "Init::") for f in structs["Init"].factories]))
    kinds = [s for h in by_header.values() for s in h.structs.values() if s.kind]
    rows = [f"    {{{quoted(s.kind)}, {quoted(s.namespace)}, {quoted(s.name)}, {quoted(s.doc)}, {quoted(flags(s))}}},\n" for s in kinds]
    out.append(f"constexpr MakerText kMakerTexts[] = {{\n{''.join(rows)}}};\n")
    for name in RECORDS:
        s = structs[name]
        fields = ", ".join(quoted(f"{f.name}: {annotation(f.type, True)}") for f in wanted_fields(s))
        out.append(f"constexpr const char* k{name}Fields[] = {{{fields}}};\n")
    out.append("\n}  // namespace\n\n")
    for name in ("op", "data", "metric", "callback", "schedule", "init"):
        out.append(f"std::span<const Entry> {name}_entries() {{ return {name}_rows; }}\n")
    out.append("std::span<const MakerText> maker_texts() { return kMakerTexts; }\n\nvoid define_records(py::module_& module) {\n")
    out += [f"  define_record(module, \"{n}\", {quoted(structs[n].doc)}, k{n}Fields);\n" for n in RECORDS]
    out.append("}\n\n}  // namespace lemnos::python\n")


def main(include, folder):
    for name in HEADERS:
        by_header[name] = headers.read_header(Path(include, "lemnos", name + ".h").read_text(encoding="utf-8"))
        enums.update(by_header[name].enums)
        structs.update(by_header[name].structs)
    for struct in structs.values():  # empty words and lists are defaults where all is optional
        for f in struct.fields if struct.name.endswith("Options") else ():
            if f.default is None and re.match(r"std::(string|vector)", f.type):
                f.default = "{}"
    enums.pop("DType")  # has its words beside it
    for name, write in (("generated.h", write_header), ("generated.cpp", write_tables)):
        out = []
        write(out)
        path = Path(folder, name)
        text = "".join(out)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
