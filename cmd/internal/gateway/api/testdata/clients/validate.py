"""Prints for each line of standard input whether jsonschema accepts it by the schema in the file that is named."""

import json
import sys

from jsonschema import Draft202012Validator

validator = Draft202012Validator(json.load(open(sys.argv[1], encoding="utf-8")))
for line in sys.stdin.buffer:
    print("yes" if validator.is_valid(json.loads(line)) else "no")
