/** SQLite's text ends at U+0000 when it is read, and a lone surrogate becomes U+FFFD: both would be another text. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && (text as string & { isWellFormed(): boolean }).isWellFormed() // ES2024; every Node that we run on has it
}

/** The paths of the texts and names in a JSON value that cannot be stored; a name stands for what it names. */
export function unstorable(value: unknown, path: readonly (string | number)[] = []): readonly (string | number)[][] {
  if (typeof value === 'string') return isStorable(value) ? [] : [[...path]]
  if (typeof value !== 'object' || value === null) return []
  const found: (string | number)[][] = []
  for (const [name, inner] of Object.entries(value)) {
    if (!isStorable(name)) found.push([...path])
    found.push(...unstorable(inner, [...path, Array.isArray(value) ? Number(name) : name]))
  }
  return found
}
