// Makes the page: node build.mjs SOURCES PACKAGES OUTPUT, three paths. PACKAGES holds node_modules, with esbuild.
// Brokers send no Content-Type, so that browsers take no module and no stylesheet from them: all is in one file.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [sources, packages, output] = process.argv.slice(2).map((path) => resolve(path));
const modules = join(packages, 'node_modules');
const esbuild = createRequire(join(packages, 'package.json'))('esbuild');

const common = { bundle: true, minify: true, write: false, nodePaths: [modules], legalComments: 'none', logLevel: 'warning' };

function bundle(entry, options) {
  const { outputFiles } = esbuild.buildSync({ ...common, ...options, entryPoints: [join(sources, entry)] });
  return outputFiles[0].text.trim();
}

// No text may end the element that it is in.
const script = bundle('src/main.js', { format: 'iife', platform: 'browser', target: 'es2020' })
  .replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
const style = bundle('style.css', { target: 'es2020' });
if (/<\/style/i.test(style)) throw new Error('the stylesheet ends its element');

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

// uPlot and the rows' sizes set styles by script, which 'unsafe-inline' for styles is not needed for.
const policy = [
  "default-src 'none'", `script-src ${hash(script)}`, `style-src ${hash(style)}`, 'img-src data:',
  "connect-src 'self' ws: wss:", "base-uri 'none'", "form-action 'none'",
].join('; ');

// What MQTT.js ships for browsers holds what it depends on.
function licences() {
  const { packages: locked } = JSON.parse(readFileSync(join(packages, 'package-lock.json'), 'utf8'));
  return Object.entries(locked)
    .filter(([path, entry]) => path && !path.includes('@types/') && !entry.dev && !entry.optional)
    .map(([path, entry]) => {
      const directory = join(packages, path);
      const file = readdirSync(directory).find((name) => /^licen[cs]e/i.test(name));
      const text = file ? readFileSync(join(directory, file), 'utf8').trim() : `Licence: ${entry.license}`;
      return `${path.replace(/.*node_modules\//, '')} ${entry.version}\n\n${text}`;
    })
    .join(`\n\n${'='.repeat(78)}\n\n`)
    .replace(/--/g, '- -');  // ends no comment
}

const parts = {
  POLICY: policy, STYLE: style, SCRIPT: script,
  LICENCES: `This page contains these packages, each under its licence:\n\n${licences()}`,
};
const page = readFileSync(join(sources, 'index.html'), 'utf8').replace(/@([A-Z]+)@/g, (_, name) => parts[name]);
writeFileSync(output, page);
