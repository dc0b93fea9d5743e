"""Reads the public headers: enumerations, structs with their fields, and functions, with their comments.

The headers are regular (clang-format, aggregates with defaults), so a scanner of a page suffices; what it does not
understand is an error with the line, never left out in silence.
"""
import re
from dataclasses import dataclass, field


@dataclass
class Parameter:
    type: str
    name: str
    default: str | None = None
    doc: str = ""


@dataclass
class Enum:
    name: str
    namespace: str
    words: list


@dataclass
class Function:
    name: str
    namespace: str
    returns: str
    parameters: list
    doc: str = ""


@dataclass
class Struct:
    name: str
    namespace: str
    fields: list
    doc: str = ""
    kind: str = ""  # its kKind
    factories: list = field(default_factory=list)  # static functions that make one


@dataclass
class Header:
    enums: dict = field(default_factory=dict)
    structs: dict = field(default_factory=dict)
    functions: list = field(default_factory=list)


def split(text, at=","):
    """Parts of the text between commas outside of brackets and quotes."""
    parts, depth, quote, part = [], 0, "", ""
    for c in text:
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c in "([{<":
            depth += 1
        elif c in ")]}>":
            depth -= 1
        if c == at and depth == 0 and not quote:
            parts.append(part.strip())
            part = ""
        else:
            part += c
    return parts + [part.strip()] if part.strip() else parts


def statements(text):
    """(comment, code) for each statement: code without its comments, a body in braces included."""
    found, doc, at = [], [], 0
    while at < len(text):
        if not text[at].strip():
            at += 1
        elif text.startswith("//", at):
            end = text.find("\n", at) if "\n" in text[at:] else len(text)
            line = text[at:end]
            if line.startswith("///<") and found:
                found[-1] = (found[-1][0] + [line[4:].strip()], found[-1][1])
            elif line.startswith("///"):
                doc.append(line[3:].strip())
            elif found and text[:at].rsplit("\n", 1)[-1].strip():
                found[-1] = (found[-1][0] + [line[2:].strip()], found[-1][1])  # behind a field
            elif found and found[-1][0] and not doc and text[:at].rstrip(" ").endswith("\n") and line.startswith("//  "):
                found[-1] = (found[-1][0] + [line[2:].strip()], found[-1][1])
            else:
                doc = []
            at = end
        elif text[at] == "#" or text.startswith("LEMNOS_", at):
            at = text.index("\n", at)
        elif text[at] in "};":
            at += 1
        elif match := re.match(r"namespace ([\w:]+) \{", text[at:]):
            found.append(([], "namespace " + match[1]))
            at += match.end()
        elif re.match(r"(public|private|protected):", text[at:]):
            found.append(([], text[at:text.index(":", at)]))
            at = text.index(":", at) + 1
        else:
            code, at = statement(text, at)
            found.append((doc, code))
            doc = []
    return found


def statement(text, at):
    """From `at` to the semicolon or the brace that ends it; comments are kept within the braces of a body alone."""
    begin, depth = at, 0
    while at < len(text):
        if text.startswith("//", at):
            at = text.index("\n", at)
            continue
        if text[at] == '"':
            at = text.index('"', at + 1)
        depth += text[at] in "({["
        depth -= text[at] in ")}]"
        at += 1
        if depth == 0 and text[at - 1] == ";":
            return text[begin:at - 1], at
        if depth == 0 and text[at - 1] == "}" and re.match(r"\s*($|[^;,\s=.)<])", text[at:at + 40]):
            return text[begin:at], at
    raise SystemExit(f"headers.py: no end of: {text[begin:begin + 80]}")


def declarators(code):
    """`float a = 1, b = 2` as Parameters; None where it declares no fields."""
    match = re.match(r"((?:const )?[\w:]+(?:<.*?>(?=\s))?\s*[*&]*)\s+(\w.*)$", code, re.S)
    if not match or code.startswith(("static", "using", "friend", "explicit", "virtual", "template")):
        return None
    made = []
    for part in split(match[2]):
        one = re.match(r"(\w+)\s*(?:=\s*(.*)|(\{.*\}))?$", part, re.S)
        if not one:
            return None
        made.append(Parameter(match[1].strip(), one[1], one[2] or one[3]))
    return made


def comment(lines):
    return " ".join(" ".join(lines).split())


def plain(code):
    return " ".join(re.sub(r"//[^\n]*", "", code).split())


def parameters_of(text):
    made = []
    for part in split(text):
        one = re.match(r"(?:const )?([\w:]+(?:<.*>)?)\s*([&*]*)\s*(\w+)(?:\s*=\s*(.*))?$", part, re.S)
        if not one:
            raise SystemExit(f"headers.py: cannot read the parameter {part}")
        made.append(Parameter(one[1] + (one[2] if one[1] == "Graph" else ""), one[3], one[4]))
    return made


def read_struct(match, doc, namespace):
    made = Struct(match[1], namespace, [], comment(doc))
    for field_doc, code in statements(match[2]):
        code = plain(code)
        if kind := re.match(r'static constexpr const char\* kKind = "(\w+)"', code):
            made.kind = kind[1]
            continue
        if factory := re.match(rf"static {match[1]} (\w+)\((.*?)\) \{{", code):
            made.factories.append(Function(factory[1], namespace + "::" + match[1], match[1],
                                           parameters_of(factory[2]), comment(field_doc)))
            continue
        fields = None if re.match(r"(struct|enum|class)\b|.*\boperator\b", code) else declarators(code)
        if fields is None and re.match(r"std::function<.*>\s*\w+( = \{\})?$", code):
            fields = [Parameter(code.rsplit(">", 1)[0] + ">", re.sub(r"\W.*", "", code.rsplit(">", 1)[1].strip()),
                                "{}" if code.endswith("{}") else None)]
        for one in fields or []:
            one.doc = comment(field_doc)
            made.fields.append(one)
    return made


def read_header(text):
    made, namespace = Header(), "lemnos"
    for doc, code in statements(text):
        if code.startswith("namespace "):
            name = code.split()[1]
            namespace = name if name.startswith("lemnos") else "lemnos::" + name
        elif match := re.match(r"enum class (\w+)(?: : \w+)? \{(.*)\}$", code, re.S):
            words = [w.split("=")[0].strip() for w in split(plain(match[2]))]
            made.enums[match[1]] = Enum(match[1], namespace, words)
        elif match := re.match(r"struct (\w+) \{(.*)\}$", code, re.S):
            made.structs[match[1]] = read_struct(match, doc, namespace)
            for inner in re.finditer(r"enum class (\w+)(?: : \w+)? \{(.*?)\}", plain(match[2])):
                made.enums[match[1] + "::" + inner[1]] = Enum(match[1] + "::" + inner[1], namespace,
                                                              [w.strip() for w in split(inner[2])])
        elif re.match(r"(struct|class|using|template|static|friend|extern)\b", code) or re.search(r"operator|words_of|= delete|&&", code):
            continue
        elif match := re.match(r"(?:inline )?(?:constexpr )?([\w:<>, ]+?[&*]?)\s+(\w+)\((.*?)\)( \{.*\}| = delete)?$",
                               plain(code), re.S):
            made.functions.append(Function(match[2], namespace, match[1], parameters_of(match[3]), comment(doc)))
    return made
