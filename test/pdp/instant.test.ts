import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normaliseInstant } from '../../src/pdp/instant.ts'

const instants: readonly (readonly [title: string, text: string, normalised: string])[] = [
  ['UTC', '2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z'],
  ['lower-case letters', '2026-11-20t10:00:00z', '2026-11-20T10:00:00.000Z'],
  ['one digit of a second', '2026-11-20T10:00:00.5Z', '2026-11-20T10:00:00.500Z'],
  ['finer digits, dropped and not rounded', '2026-11-20T10:00:00.9999999Z', '2026-11-20T10:00:00.999Z'],
  ['finer digits before 1970', '1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z'],
  ['an offset to the east', '2026-11-20T00:30:00+01:00', '2026-11-19T23:30:00.000Z'],
  ['an offset to the west', '2026-12-31T23:30:00-00:45', '2027-01-01T00:15:00.000Z'],
  ['an offset of half an hour', '2026-11-20T10:00:00+05:30', '2026-11-20T04:30:00.000Z'],
  ['the widest offset', '2026-11-20T10:00:00+23:59', '2026-11-19T10:01:00.000Z'],
  ['no offset, as RFC 3339 writes an unknown one', '2026-11-20T10:00:00-00:00', '2026-11-20T10:00:00.000Z'],
  ['a leap day', '2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000Z'],
  ['a leap day of a century', '2000-02-29T12:00:00Z', '2000-02-29T12:00:00.000Z'],
  ['a leap day by its offset', '2024-03-01T00:00:00+01:00', '2024-02-29T23:00:00.000Z'],
  ['the first year', '0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
  ['a year below 100', '0099-06-01T00:00:00Z', '0099-06-01T00:00:00.000Z'],
  ['the last second', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
]

const others: readonly (readonly [title: string, value: unknown])[] = [
  ['no offset', '2026-11-20T10:00:00'],
  ['a date alone', '2026-11-20'],
  ['no seconds', '2026-11-20T10:00Z'],
  ['a space for the T', '2026-11-20 10:00:00Z'],
  ['second 60', '2026-12-31T23:59:60Z'],
  ['hour 24', '2026-11-20T24:00:00Z'],
  ['minute 60', '2026-11-20T10:60:00Z'],
  ['month 13', '2026-13-01T10:00:00Z'],
  ['month 0', '2026-00-01T10:00:00Z'],
  ['day 0', '2026-11-00T10:00:00Z'],
  ['31 November', '2026-11-31T10:00:00Z'],
  ['29 February of a common year', '2026-02-29T10:00:00Z'],
  ['29 February of 1900', '1900-02-29T10:00:00Z'],
  ['an offset of 24 hours', '2026-11-20T10:00:00+24:00'],
  ['an offset with minute 60', '2026-11-20T10:00:00+01:60'],
  ['an offset without a colon', '2026-11-20T10:00:00+0100'],
  ['a comma before the fraction', '2026-11-20T10:00:00,5Z'],
  ['a dot without digits', '2026-11-20T10:00:00.Z'],
  ['a year of five digits', '12026-11-20T10:00:00Z'],
  ['a signed year', '+002026-11-20T10:00:00Z'],
  ['a year that the offset moves past 9999', '9999-12-31T23:59:59-00:01'],
  ['a year that the offset moves below 0', '0000-01-01T00:00:00+00:01'],
  ['white space before', ' 2026-11-20T10:00:00Z'],
  ['white space after', '2026-11-20T10:00:00Z\n'],
  ['digits of another script', '２０２６-11-20T10:00:00Z'],
  ['nothing', ''],
  ['a number', 1_795_168_800_000],
  ['null', null],
  ['a list', ['2026-11-20T10:00:00Z']],
  ['undefined', undefined],
]

describe('an instant is normalised to UTC milliseconds', () => {
  it.each(instants)('%s: %s', (_, text, normalised) => expect(normaliseInstant(text)).toBe(normalised))

  it('so that the order of texts is the order of times', () => {
    const time = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9998-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    const offset = fc.integer({ min: -1439, max: 1439 })
    fc.assert(
      fc.property(time, offset, time, offset, (one, offsetOfOne, other, offsetOfOther) => {
        const [first, second] = [normaliseInstant(at(one, offsetOfOne)), normaliseInstant(at(other, offsetOfOther))]
        expect(first).toBe(one.toISOString())
        expect((first as string) < (second as string)).toBe(one.getTime() < other.getTime())
      }),
      { numRuns: 2_000, seed: 1 },
    )
  })
})

describe('what is no RFC 3339 instant is none', () => {
  it.each(others)('%s: %j', (_, value) => expect(normaliseInstant(value)).toBeUndefined())
})

/** The same time as a clock shows it that is `minutes` ahead of UTC. */
function at(time: Date, minutes: number): string {
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  const zone = `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
  return new Date(time.getTime() + minutes * 60_000).toISOString().replace('Z', zone)
}
