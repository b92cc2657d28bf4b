/**
 * `mmulator completion`: what a shell needs to complete commands and options. The scripts ask yargs itself
 * (`mmulator --get-yargs-completions …`) each time, so they never grow old; where yargs knows nothing, the shell
 * completes file names.
 */
import { InputError } from '../../mmu/input-error.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

const SCRIPTS = {
  bash: `# mmulator completion for bash: add this to ~/.bashrc
_mmulator_completions() {
  local current="\${COMP_WORDS[COMP_CWORD]}" candidates
  mapfile -t candidates < <(SHELL=bash mmulator --get-yargs-completions "\${COMP_WORDS[@]}" 2>/dev/null)
  mapfile -t COMPREPLY < <(compgen -W "$(printf '%q ' "\${candidates[@]}")" -- "$current")
}
complete -o bashdefault -o default -F _mmulator_completions mmulator
`,
  zsh: `#compdef mmulator
# mmulator completion for zsh: save this as _mmulator in a folder of $fpath
_mmulator() {
  local -a candidates
  candidates=(\${(f)"$(SHELL=zsh mmulator --get-yargs-completions "\${words[@]}" 2>/dev/null)"})
  if (( \${#candidates} > 0 )); then
    _describe 'mmulator' candidates
  else
    _default
  fi
}
if [ "$funcstack[1]" = "_mmulator" ]; then _mmulator "$@"; else compdef _mmulator mmulator; fi
`,
} as const;

export const completionCommand = defineCommand({
  usage: 'completion [shell]',
  summary: 'Print a completion script for bash or zsh',
  positionals: {
    shell: { type: 'string', choices: ['bash', 'zsh'], describe: 'Default: what $SHELL says' },
  },
  options: {},
  examples: [
    ['completion bash >> ~/.bashrc', 'for bash'],
    ['completion zsh > ~/.zfunc/_mmulator', 'for zsh, a folder in $fpath'],
  ],
  run({ shell }, { io }) {
    const wanted = shell ?? io.env.SHELL?.split('/').at(-1);
    if (wanted !== 'bash' && wanted !== 'zsh') {
      throw new InputError({
        code: 'MEM-CLI-008',
        message: 'which shell?',
        hint: 'mmulator completion bash, or mmulator completion zsh',
      });
    }
    io.stdout.write(SCRIPTS[wanted]);
    return EXIT.held;
  },
});
