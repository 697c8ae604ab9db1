/** `--project`, as every command that works on a policy project takes it. */
export const projectOption = {
  type: 'string',
  value: 'dir',
  description: 'the folder that holds config and policies (default: this one)',
} as const
