// Reads the JSON reports of vitest that .ci/run has written.
//   node results.cjs files REPORT      files with tests that failed, a line each; none when the report tells nothing of them
//   node results.cjs sum FOLDER FAILED all reports of a folder: what failed by name, and last "N passed, N failed, N skipped"
// A suite NAME has NAME.json and, when files of it were run once more, NAME.again.json, which then counts for these.
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');

const [, , what, place, failed = '0'] = process.argv;

function read(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).testResults : [];
}

/** A file that could not even be loaded has no tests, and counts as one that failed. */
function testsOf({ name, status, message, assertionResults }) {
  const file = path.relative(process.cwd(), name);
  const tests = assertionResults.map((test) => ({ ...test, file }));
  if (status !== 'failed' || tests.some((test) => test.status === 'failed')) return tests;
  return [...tests, { status: 'failed', fullName: 'the file itself', failureMessages: [message], file }];
}

function tell(heading, tests) {
  if (tests.length === 0) return;
  console.log(`${heading}:`);
  for (const { file, fullName, failureMessages = [] } of tests) {
    console.log(`  ${file}: ${fullName}`);
    for (const line of failureMessages.join('\n').split('\n').slice(0, 6)) console.log(`    ${line.slice(0, 300)}`);
  }
}

const isFailed = ({ status }) => status === 'failed';

if (what === 'files') {
  for (const result of read(place))
    if (testsOf(result).some(isFailed)) console.log(path.relative(process.cwd(), result.name));
} else {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const broken = [];
  const unsteady = [];
  for (const report of readdirSync(place).filter((name) => /^[\w-]+\.json$/.test(name))) {
    const again = new Map(
      read(path.join(place, report.replace('.json', '.again.json'))).map((file) => [file.name, file]),
    );
    for (const first of read(path.join(place, report))) {
      const second = again.get(first.name);
      const tests = testsOf(second ?? first);
      if (second !== undefined) unsteady.push(...testsOf(first).filter(isFailed));
      broken.push(...tests.filter(isFailed));
      for (const { status } of tests) sum[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
    }
  }
  const names = new Set(broken.map(({ file, fullName }) => `${file} ${fullName}`));
  tell('failed', broken);
  tell(
    'failed at first and passed when it was run once more',
    unsteady.filter(({ file, fullName }) => !names.has(`${file} ${fullName}`)),
  );
  if (failed !== '0' && sum.failed === 0) {
    console.log('failed: a step that is no test, see above');
    sum.failed = 1;
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  process.exitCode = failed === '0' ? 0 : 1;
}
