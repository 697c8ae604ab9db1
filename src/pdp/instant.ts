const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * An RFC 3339 instant as UTC with milliseconds (finer digits dropped), so that the order of texts is the order of
 * times; undefined for anything else, an offset being required.
 */
export function normaliseInstant(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const match = rfc3339.exec(value)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined
  const midnight = new Date(`${year}-${month}-${day}T00:00:00.000Z`)
  // A day that does not exist rolls over, or does not parse at all.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== `${year}-${month}-${day}`)
    return undefined
  const offset = (sign === '-' ? -1 : 1) * (Number(offsetHour) * 60 + Number(offsetMinute))
  const minutes = Number(hour) * 60 + Number(minute) - offset
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'))
  const instant = new Date(midnight.getTime() + minutes * 60_000 + Number(second) * 1_000 + milliseconds).toISOString()
  // Years beyond four digits would break the order of texts.
  return instant.length === 24 ? instant : undefined
}
