/** Which version of CPython's memory manager a recording's profile stands for. */

/**
 * Profile → name of a PythonProfile. Whether the debug hooks were installed is the header's to say (`debug_hooks`); the
 * trailing d of a profile only repeats it.
 */
const PYTHON_OF_PROFILE: Readonly<Record<string, string>> = {
  cp311: '3.11',
  cp311d: '3.11',
  cp310: '3.10',
  cp39: '3.9',
  cp38: '3.8',
  cp37d: '3.7',
  cp373a8: '3.7.3',
};

export const KNOWN_PROFILES: readonly string[] = Object.keys(PYTHON_OF_PROFILE);

export function pythonOfProfile(profile: string): string | undefined {
  return Object.hasOwn(PYTHON_OF_PROFILE, profile) ? PYTHON_OF_PROFILE[profile] : undefined;
}
