// What tests/dashboard/run says in the environment.
import { createRequire } from 'node:module';
import { join } from 'node:path';

function required(name) {
  const value = process.env[`SHARED_SUBSCRIPTION_${name}`];
  if (!value) throw new Error(`SHARED_SUBSCRIPTION_${name} is not set: start tests/dashboard/run`);
  return value;
}

export const page = required('DASHBOARD');
export const plugin = required('PLUGIN');
export const brokerCommand = required('BROKER_COMMAND').split(' ');
export const is2_1 = required('BROKER') === '2.1';
export const browserPath = required('BROWSER');
export const load = createRequire(join(required('DASHBOARD_MODULES'), 'package.json'));
export const seconds = 20;

/** Waits until `isSo()` is true, or a promise of something true. */
export async function until(what, isSo) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const value = await isSo();
    if (value) return value;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  throw new Error(`in ${seconds} seconds it did not happen that ${what}`);
}
