# Every file of DIR/answers against the schema of its kind in DIR/schemas, by Python's jsonschema: check_answers.py DIR
# Also that the schemas are schemas, that every property in them is described, and that there is an answer of each kind.
import copy
import glob
import json
import os
import sys

import jsonschema


def check_described(schema, place):
    for key, value in schema.items():
        if key in ("properties", "$defs"):
            for name, one in value.items():
                assert key == "$defs" or len(one.get("description", "")) > 3, place + "." + name + " is not described"
                check_described(one, place + "." + name)
        elif isinstance(value, dict):
            check_described(value, place)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    check_described(one, place)


def refuse_constant(text):
    raise ValueError(text + " is no JSON")


validators, seen = {}, set()
for path in glob.glob(sys.argv[1] + "/schemas/*.json"):
    kind = os.path.basename(path)[: -len(".json")]
    with open(path) as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    check_described(schema, kind)
    validators[kind] = jsonschema.Draft202012Validator(schema)
for path in glob.glob(sys.argv[1] + "/answers/*.json"):
    with open(path) as file:
        answer = json.load(file, parse_constant=refuse_constant)
    kind = answer["kind"]
    seen.add(kind)
    for error in validators[kind].iter_errors(answer):
        sys.exit(f"{kind}: {list(error.absolute_path)}: {error.message[:300]}")
    for key in ("schema_version", "kind", "tool"):
        broken = copy.deepcopy(answer)
        del broken[key]
        assert not validators[kind].is_valid(broken), (kind, key)
    answer["surprise"] = 1
    assert not validators[kind].is_valid(answer), kind
assert seen == set(validators) - {"result"}, seen ^ set(validators)
