/** Which version of CPython's memory manager a recording's profile stands for. */

/**
 * Profile → name of a PythonProfile. Whether the debug hooks were installed is the header's to say (`debug_hooks`); the
 * trailing d of a profile only repeats it.
 */
const PYTHON_OF_PROFILE: Readonly<Record<string, string>> = {
  cp313: '3.13',
  cp313d: '3.13',
  cp312: '3.12',
  cp312d: '3.12',
  cp311: '3.11',
  cp311d: '3.11',
  cp310: '3.10',
  cp310d: '3.10',
  cp39: '3.9',
  cp39d: '3.9',
  cp38: '3.8',
  cp38d: '3.8',
  cp37: '3.7',
  cp37d: '3.7',
  cp373a8: '3.7.3',
  cp36: '3.6',
  cp36d: '3.6',
};

export const KNOWN_PROFILES: readonly string[] = Object.keys(PYTHON_OF_PROFILE);

export function pythonOfProfile(profile: string): string | undefined {
  return Object.hasOwn(PYTHON_OF_PROFILE, profile) ? PYTHON_OF_PROFILE[profile] : undefined;
}
