// Prints for each line of standard input whether ajv accepts it by the schema in the file that is named.
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { readFileSync } from "node:fs";

const ajv = new Ajv({ strict: false });
addFormats(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(process.argv[2], "utf8")));
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  console.log(validate(JSON.parse(line)) ? "yes" : "no");
}
