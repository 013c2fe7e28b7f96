# Tables that were printed as csv, markdown and latex: check_tables.py DIRECTORY reads every file N.FORMAT in it.
# Each is read as a program that takes the format reads it; what is no table has to be marked so.
import csv
import glob
import io
import re
import sys


def check_csv(text):
    assert "\r\n\r\n\r\n" not in text and not text.startswith("\r\n") and not text.endswith("\r\n\r\n")
    for table in text.split("\r\n\r\n"):  # tables stand apart by an empty line
        rows = list(csv.reader(io.StringIO(table, newline=""), strict=True))
        assert rows and len(rows[0]) > 1, table
        assert all(len(row) == len(rows[0]) for row in rows), table


def check_markdown(text):
    tables = re.findall(r"(?:^\| .*\n)+", text, re.M)  # a formula, too, may begin with a bar
    assert tables
    for table in tables:
        rows = [re.split(r"(?<!\\)\|", line) for line in table.splitlines()]
        assert all(len(row) == len(rows[0]) for row in rows), table
        assert re.fullmatch(r"\|( -+:? \|)+", table.splitlines()[1]), table
    # A table without an empty line before or behind it takes other lines in.
    for before, line, behind in zip(["", *text.splitlines()], text.splitlines(), [*text.splitlines()[1:], ""]):
        if line.startswith("| "):
            assert before == "" or before.startswith("| "), (before, line)
            assert behind == "" or behind.startswith("| "), (line, behind)
    assert "\033" not in text and "─" not in text


def check_latex(text):
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") > 0
    columns = None
    for line in text.splitlines():
        if line.startswith("\\begin{tabular}"):
            columns = len(re.search(r"\{([lr]+)\}$", line)[1])
        elif line == "\\end{tabular}":
            columns = None
        elif columns is None:
            assert line == "" or line.startswith("%"), line
        elif not line.endswith("rule"):
            assert line.endswith(" \\\\"), line
            assert len(re.findall(r"(?<!\\)&", line)) == columns - 1, line
            assert not re.search(r"(?<!\\)[_#%]", re.sub(r"\$[^$]*\$", "", line)), line


checks = {"csv": check_csv, "markdown": check_markdown, "latex": check_latex}
for path in sorted(glob.glob(sys.argv[1] + "/*.*")):
    with open(path, newline="", encoding="utf-8") as file:
        text = file.read()
    try:
        checks[path.rsplit(".", 1)[1]](text)
    except Exception as error:
        sys.exit(f"{path}: {type(error).__name__}: {error}\n{text[:3000]}")
