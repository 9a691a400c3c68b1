// node main.mjs [NAME]: all tests, or those with this in their names. The last line says how many passed and failed.
import { launch } from './browser.mjs';
import { World } from './pages.mjs';

const files = ['steering', 'rights', 'hostile', 'many'];
const wanted = process.argv[2] ?? '';
let passed = 0;
let failed = 0;

async function run(browser, name, test) {
  const world = new World(browser);
  const began = Date.now();
  const errors = [];
  await test(world).catch((error) => errors.push(error));
  await world.end().catch((error) => errors.push(error));
  if (errors.length > 0) {
    ++failed;
    console.log(`FAILED: it ${name}`);
    for (const error of errors) console.log(error.stack);
  } else {
    ++passed;
    console.log(`passed: it ${name} (${Date.now() - began} ms)`);
  }
}

const browser = await launch();
try {
  for (const file of files) {
    const { tests } = await import(`./${file}_test.mjs`);
    for (const [name, test] of Object.entries(tests)) if (name.includes(wanted)) await run(browser, name, test);
  }
} finally {
  await browser.close();
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
