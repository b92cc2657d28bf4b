/** Version of this package, from the one place that states it. */
import { createRequire } from 'node:module';

// Two folders up from both src/cli and dist/cli.
const manifest = createRequire(import.meta.url)('../../package.json') as { readonly version: string };

export const VERSION: string = manifest.version;
