"""Turns testing/golden/layout.tsv into a program, C or C++, which asserts every row of it.

What can be said in the language becomes a static assertion; what only the text of a header shows
(where something is defined, what it includes) is checked here. The program counts the rows as it
runs through them and fails unless there are as many as the build file says.
"""

import argparse
import re
import sys

COLUMNS = ("kind", "name", "offset", "size", "value", "header", "type")


class Failure(Exception):
    pass


class Header:
    """The text of a header, without comments."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)

    def require(self, pattern, what):
        if not re.search(pattern, self.text, flags=re.M):
            raise Failure(f"{what} not found in the header")

    def includes(self):
        """Maps each included file to the conditions it is under."""
        conditions, result = [], {}
        for line in self.text.splitlines():
            if match := re.match(r"\s*#\s*if(?:n?def)?\b\s*(.*)", line):
                conditions.append(match.group(1).strip())
            elif re.match(r"\s*#\s*endif\b", line):
                conditions.pop()
            elif match := re.match(r'\s*#\s*include\s*[<"](.*)[>"]', line):
                result[match.group(1)] = list(conditions)
        return result


class Language:
    """How the two languages spell the same assertion."""

    def __init__(self, name):
        self.cplusplus = name == "c++"

    def holds(self, condition, row):
        keyword = "static_assert" if self.cplusplus else "_Static_assert"
        return f'{keyword}({condition}, "{row["name"]}");'

    def same_type(self, expression, wanted, row):
        if self.cplusplus:
            return self.holds(f"(std::is_same<decltype({expression}), {wanted}>::value)", row)
        return self.holds(f"_Generic(({expression}), {wanted}: 1, default: 0)", row)

    def align_of(self, what):
        return f"alignof({what})" if self.cplusplus else f"_Alignof({what})"


def pointer_to(wanted):
    """The type of a pointer to a field whose type is `wanted`."""
    array = re.match(r"(.*?)(\[.*\])$", wanted)
    return f"{array.group(1)} (*){array.group(2)}" if array else f"{wanted}*"


def expect(row, **given):
    """Columns a kind must have, or must leave empty."""
    for column, present in given.items():
        if bool(row[column]) != present:
            raise Failure(f"column {column} {'missing' if present else 'unexpected'}")


def check_struct(row, header, lang):
    expect(row, offset=False, size=True, value=True, type=False)
    name, align = row["name"], re.fullmatch(r"align=(\d+)", row["value"]).group(1)
    header.require(rf"^struct {name} {{", "definition")
    return [
        lang.holds(f"sizeof(struct {name}) == {row['size']}", row),
        lang.holds(f"{lang.align_of('struct ' + name)} == {align}", row),
    ]


def check_field(row, header, lang):
    expect(row, offset=True, size=True, type=True)
    struct, field = row["name"].split(".", 1)
    access = f"((struct {struct}*)0)->{field}"
    header.require(rf"^struct {struct} {{", "structure")
    code = [lang.holds(f"offsetof(struct {struct}, {field}) == {row['offset']}", row)]
    if row["value"]:
        element = re.fullmatch(r"elem_size=(\d+)", row["value"]).group(1)
        if row["size"] != "0" or not row["type"].endswith("[]"):
            raise Failure("elem_size is for arrays without a size")
        code.append(lang.holds(f"sizeof({access}[0]) == {element}", row))
        header.require(rf"\b{field}\[\];", "array without a size")
    else:
        code.append(lang.holds(f"sizeof({access}) == {row['size']}", row))
    if row["type"] != "struct[]":  # The members of a nameless structure have rows of their own.
        code.append(lang.same_type(f"&{access}", pointer_to(row["type"]), row))
    return code


def check_const(row, header, lang):
    expect(row, offset=False, value=True, type=False)
    name, value = row["name"], row["value"]
    header.require(rf"^#define {name} ", "definition")
    code = [f"#ifndef {name}", f"#error {name} is not a macro", "#endif"]
    if value.startswith('"'):
        code.append(lang.holds(f"sizeof({name}) == {len(value) - 1}", row))
        code.append(f"if (strcmp({name}, {value}) != 0) return Differs({name}, {value});")
    else:
        expect(row, size=True)
        code.append(lang.holds(f"({name}) == {value}", row))
        code.append(lang.holds(f"sizeof({name}) == {row['size']}", row))
    return code


def check_enum(row, header, lang):
    expect(row, offset=False, size=True, value=True, type=False)
    name = row["name"]
    header.require(rf"^  {name}\b", "enumerator")
    return [
        f"#ifdef {name}",
        f"#error {name} is a macro",
        "#endif",
        lang.holds(f"{name} == {row['value']}", row),
        lang.holds(f"sizeof({name}) == {row['size']}", row),
    ]


def check_ioctl(row, header, lang):
    expect(row, offset=False, size=True, value=True, type=False)
    name = row["name"]
    header.require(rf"^#define {name} ", "definition")
    return [
        lang.holds(f"{name} == {row['value']}", row),
        lang.holds(f"_IOC_SIZE({name}) == {row['size']}", row),
    ]


def check_macro(row, header, lang):
    expect(row, offset=False, size=False, value=False, type=False)
    header.require(rf"^\s*#\s*define {row['name']}\(", "definition")
    return [f"#ifndef {row['name']}", f"#error {row['name']} is not a macro", "#endif"]


def check_func(row, header, lang):
    expect(row, offset=False, size=False, value=True, type=True)
    storage = {"static-inline": "static inline", "static": "MAPWIRE_NM_API"}[row["value"]]
    header.require(rf"^{storage} [^;{{}}]*?\b{row['name']}\([^;{{}}]*\) {{", "body")
    result, parameters = re.fullmatch(r"(.*?)\((.*)\)", row["type"]).groups()
    return [lang.same_type(f"&{row['name']}", f"{result} (*)({parameters})", row)]


def check_typedef(row, header, lang):
    expect(row, offset=False, size=True, value=False, type=True)
    name = row["name"]
    header.require(rf"^typedef [^;]*\b{name}\b", "definition")
    return [
        lang.holds(f"sizeof({name}) == {row['size']}", row),
        lang.same_type(f"({name})0", row["type"], row),
    ]


def check_guard(row, header, lang):
    expect(row, offset=False, size=False, value=False, type=False)
    name = row["name"]
    header.require(rf"^#ifndef {name}\n#define {name}$", "guard")
    return [f"#ifndef {name}", f"#error {name} is not defined", "#endif"]


def check_knob(row, header, lang):
    expect(row, offset=False, size=False, value=False, type=False)
    header.require(rf"^#\s*ifdef {row['name']}$", "use")
    return []


def check_include(row, header, lang):
    expect(row, offset=False, size=False, type=False)
    conditions = header.includes().get(row["name"])
    if conditions is None:
        raise Failure("not included")
    if ("NETMAP_WITH_LIBS" in conditions) != (row["value"] == "NETMAP_WITH_LIBS"):
        raise Failure(f"included under {conditions}")
    return []


CHECKS = {
    "struct": check_struct,
    "field": check_field,
    "const": check_const,
    "enum": check_enum,
    "ioctl": check_ioctl,
    "macro": check_macro,
    "func": check_func,
    "typedef": check_typedef,
    "guard": check_guard,
    "knob": check_knob,
    "include": check_include,
}

PROLOGUE = """\
/* Made by core/abi/layout_test_gen.py from testing/golden/layout.tsv. */
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>
#include <net/netmap_virt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
%s
static int Differs(const char* is, const char* wanted) {
  fprintf(stderr, "\\"%%s\\" is not \\"%%s\\"\\n", is, wanted);
  return 1;
}

int main(void) {
  int rows = 0;
"""

EPILOGUE = """\
  printf("checked %%d rows of %d: %s\\n", rows);
  (void)Differs;
  return rows == %d ? 0 : 1;
}
"""


def read_table(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and not line.startswith("#"):
                cells = line.rstrip("\n").split("\t")
                if len(cells) > len(COLUMNS):
                    raise Failure(f"line {number}: too many columns")
                cells += [""] * (len(COLUMNS) - len(cells))
                yield number, dict(zip(COLUMNS, cells))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", required=True)
    parser.add_argument("--language", choices=("c", "c++"), required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("headers", nargs="+")
    args = parser.parse_args()

    headers = {"net/" + path.rsplit("/net/", 1)[1]: Header(path) for path in args.headers}
    lang = Language(args.language)
    lines, kinds, seen, failures = [], {}, set(), []
    for number, row in read_table(args.table):
        key = (row["kind"], row["name"], row["header"])
        try:
            if row["kind"] not in CHECKS:
                raise Failure("unknown kind")
            if row["header"] not in headers:
                raise Failure(f"unknown header {row['header']}")
            if key in seen:
                raise Failure("row repeated")
            code = CHECKS[row["kind"]](row, headers[row["header"]], lang)
        except Failure as failure:
            failures.append(f"{args.table}:{number}: {row['kind']} {row['name']}: {failure}")
            continue
        seen.add(key)
        kinds[row["kind"]] = kinds.get(row["kind"], 0) + 1
        lines += [f"  /* {row['kind']} {row['name']} */"]
        lines += [text if text.startswith("#") else "  " + text for text in code]
        lines += ["  ++rows;"]
    if failures:
        print("\n".join(failures), file=sys.stderr)
        return 1
    summary = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    with open(args.out, "w", encoding="utf-8") as file:
        file.write(PROLOGUE % ("#include <type_traits>\n" if lang.cplusplus else ""))
        file.write("\n".join(lines) + "\n")
        file.write(EPILOGUE % (args.rows, summary, args.rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
