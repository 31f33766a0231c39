import { channel } from 'node:diagnostics_channel'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import {
  configureLogging,
  getLogger,
  globalExceptionHandler,
  Group,
  pause,
  removeGlobalExceptionHandler,
  schedule,
  type LogRecord,
} from '@greenhouse/compat'

describe('configureLogging', () => {
  const job = () => {
    throw new Error('failed')
  }

  it('logs uncaught errors of greenlets, and at the level debug their spawns, failures and ends', async () => {
    const records: LogRecord[] = []
    const handler = globalExceptionHandler(() => {})
    const off = configureLogging({ level: 'debug', handler: (record) => records.push(record) })
    schedule(job)
    await pause()
    off()
    await schedule(() => 1).join()
    removeGlobalExceptionHandler(handler)
    expect(records.map(({ level, message }) => `${level} ${message.split('\n')[0]}`)).toEqual([
      expect.stringMatching(/^debug greenlet \d+ "job" spawned$/),
      expect.stringMatching(/^debug greenlet \d+ "job" failed: Error: failed$/),
      expect.stringMatching(/^debug greenlet \d+ "job" ended$/),
      expect.stringMatching(/^error greenlet \d+ "job" failed: Error: failed$/),
    ])
  })

  it('does not log as an error what a joiner or a group takes', async () => {
    const records: LogRecord[] = []
    const off = configureLogging({ handler: (record) => records.push(record) })
    await expect(schedule(job).join()).rejects.toThrow('failed')
    await expect(Group.run((group) => void group.schedule(job))).rejects.toThrow('failed')
    off()
    expect(records).toEqual([])
  })

  it('Q25 replaces what was configured before instead of adding to it', () => {
    const lines: string[] = []
    const stream = { write: (line: string) => lines.push(line) }
    configureLogging({ stream })
    const off = configureLogging({ stream, format: ({ message }) => message })
    getLogger('greenhouse.backdoor').warn('once')
    getLogger('greenhouse.backdoor').debug('below the level')
    off()
    getLogger('greenhouse.backdoor').error('off')
    expect(lines).toEqual(['once\n'])
  })

  it('takes what packages have to say by themselves', () => {
    const lines: string[] = []
    const format = ({ name, level, message }: LogRecord) => `${name} ${level} ${message}`
    const off = configureLogging({ stream: { write: (line: string) => lines.push(line) }, format })
    const say = (message: object) => channel('greenhouse:log').publish(message)
    say({ name: 'greenhouse.backdoor', level: 'warn', message: 'open to 100 %d' })
    say({ name: 'greenhouse.backdoor', level: 'loud', message: 'of no level' })
    off()
    say({ name: 'greenhouse.backdoor', level: 'warn', message: 'off' })
    expect(lines).toEqual(['greenhouse.backdoor warn open to 100 %d\n'])
  })

  it('appends to a file, line by line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'greenhouse-log-'))
    const filename = join(folder, 'greenhouse.log')
    for (const text of ['one', 'two']) {
      const off = configureLogging({ filename })
      getLogger('mine').info(text)
      off()
      await vi.waitFor(async () => expect(await readFile(filename, 'utf8')).toContain(text))
    }
    const lines = (await readFile(filename, 'utf8')).split('\n')
    expect(lines[0]).toMatch(/^\[\d{4}-.*Z\] mine\/INFO \| one$/)
    expect(lines[1]).toMatch(/two$/)
    await rm(folder, { recursive: true })
  })

  it('refuses bad options', () => {
    const code = expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' })
    expect(() => configureLogging({ level: 'loud' as never })).toThrow(code)
    expect(() => configureLogging({ handler: 1 as never })).toThrow(code)
    expect(() => configureLogging({ filename: 1 as never })).toThrow(code)
    expect(() => configureLogging({ fileMode: 'r' as never })).toThrow(code)
    expect(() => configureLogging({ stream: null as never })).toThrow(code)
    expect(() => configureLogging({ stream: {} as never })).toThrow(code)
    expect(() => configureLogging({ format: '%s' as never })).toThrow(code)
    expect(() => configureLogging(1 as never)).toThrow(code)
  })
})
