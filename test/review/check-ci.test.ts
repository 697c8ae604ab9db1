import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { readArgs } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { project } from '../support/policy.ts'

const files = ['github/action.yml', 'gitlab.yml', 'pre-commit']
const read = (file: string) => readFileSync(join(project.root, 'config/ci', file), 'utf8')

/** What each `postern` of a text is called with, words as a shell divides them. */
const callsIn = (text: string) =>
  [...text.matchAll(/^(?!#).*\bpostern -- (.*)$/gm)].map(([, words = '']) =>
    words
      .replace(/\s*>.*$/, '')
      .split(' ')
      .map((word) => word.replaceAll('"', '')),
  )

describe('what runs in a pull request', () => {
  it('is well-formed YAML', () => {
    for (const file of files.slice(0, 2)) {
      const document = parseDocument(read(file), { strict: true, uniqueKeys: true })
      expect([file, document.errors, document.warnings]).toEqual([file, [], []])
    }
    const action = parseDocument(read('github/action.yml')).toJS()
    expect(action.runs.using).toBe('composite')
    for (const step of action.runs.steps) expect(step.uses ?? step.shell, JSON.stringify(step)).toMatch(/@v\d+$|^bash$/)
    expect(parseDocument(read('gitlab.yml')).toJS().postern.script).toHaveLength(4)
  })

  it('calls commands that exist with flags that they take', async () => {
    const calls = files.flatMap((file) => callsIn(read(file)))
    expect(calls.map(([name]) => name)).toEqual([
      ...['check', 'diff', 'diff', 'coverage'],
      ...['check', 'diff', 'diff', 'coverage'],
      'check',
    ])
    for (const [name, ...args] of calls) {
      const command = await commands.find((entry) => entry.name === name)?.load()
      if (command === undefined) throw new Error(`there is no command ${name}`)
      expect(() => readArgs(command, args)).not.toThrow()
    }
  })

  it('is a hook that git can run', () => {
    expect(read('pre-commit').startsWith('#!/bin/sh\n')).toBe(true)
    expect(statSync(join(project.root, 'config/ci/pre-commit')).mode & 0o111).toBe(0o111)
  })
})

it('the settings for an editor name schemas and files that exist, and leave no file of a system out', () => {
  const schemas = JSON.parse(read('vscode-settings.json'))['yaml.schemas'] as Record<string, string | string[]>
  for (const schema of Object.keys(schemas)) expect(existsSync(join(project.root, schema)), schema).toBe(true)
  const systems = readdirSync(join(project.root, 'config/systems'))
  const matched = Object.values(schemas)
    .flat()
    .flatMap((pattern) => systems.map((system) => pattern.replace('*', system)))
  const written = systems.flatMap((system) =>
    readdirSync(join(project.root, 'config/systems', system)).map((file) => `config/systems/${system}/${file}`),
  )
  expect(written.filter((file) => !matched.includes(file))).toEqual([])
})
