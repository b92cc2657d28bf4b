/** Which CPython came first: for what differs between versions and is no fact of their memory managers. */
import { PYTHON_VERSIONS, type PythonProfile } from './profiles.ts';

/** Is this version `first` or a later one? `first`: the name of a profile. */
export function isSince(profile: PythonProfile, first: string): boolean {
  return PYTHON_VERSIONS.indexOf(profile.name) >= PYTHON_VERSIONS.indexOf(first);
}
