const LENGTH = 60

/** The value as JSON in backticks, cut at 60 characters. The cost does not grow with the value. */
export function preview(value: unknown): string {
  const text = write(value, LENGTH + 1)
  return `\`${printable(text.length > LENGTH ? `${text.slice(0, LENGTH - 1)}…` : text)}\``
}

/** A name in backticks as it is written, cut at 60 characters. */
export function quote(name: string): string {
  return `\`${printable(name.length > LENGTH ? `${name.slice(0, LENGTH - 1)}…` : name)}\``
}

/** Stops once `room` characters are written, so that a message about a huge value stays cheap. */
function write(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room))
  if (typeof value !== 'object' || value === null) return String(value)
  const list = Array.isArray(value)
  const members = list ? value : Object.entries(value)
  let text = list ? '[' : '{'
  for (const [i, member] of members.entries()) {
    if (text.length >= room) return text
    if (i > 0) text += ','
    if (!list) text += `${JSON.stringify(member[0].slice(0, room))}:`
    text += write(list ? member : member[1], room - text.length)
  }
  return text + (list ? ']' : '}')
}

/** What a terminal would obey instead of showing is shown as an escape. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069\ufeff]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
