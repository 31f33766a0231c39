import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as compat from '@greenhouse/compat'
import facade from '@greenhouse/compat'
import * as backdoor from '@greenhouse/backdoor'
import * as emulation from '@greenhouse/emulation'
import * as io from '@greenhouse/io'
import * as pool from '@greenhouse/pool'
import * as scheduler from '@greenhouse/scheduler'
import * as util from '@greenhouse/util'

const parts = { scheduler, util, io, pool, emulation, backdoor }
const namesOf = (part: object) => Object.keys(part).filter((name) => name !== 'default')

describe('the facade', () => {
  it('has every public name of every package, the same thing under each', () => {
    for (const part of Object.values(parts)) {
      for (const name of namesOf(part)) {
        expect(compat).toHaveProperty(name, (part as Record<string, unknown>)[name])
      }
    }
  })

  it('has no name that two packages export', () => {
    const all = Object.values(parts).flatMap(namesOf)
    expect(all.filter((name, at) => all.indexOf(name) !== at)).toEqual([])
  })

  it('adds no names of its own but these', () => {
    const others = new Set(Object.values(parts).flatMap(namesOf))
    const own = namesOf(compat).filter((name) => !others.has(name))
    expect(own.sort()).toEqual(['VERSION', 'configureLogging', 'getLogger', 'versions'])
  })

  it('is one object by default', () => {
    expect(namesOf(facade).sort()).toEqual(namesOf(compat).sort())
    expect(facade.schedule).toBe(scheduler.schedule)
  })

  it('tells its own version and that of each package', () => {
    expect(compat.VERSION).toMatch(/^\d+\.\d+\.\d+$/)
    expect(compat.versions()['@greenhouse/compat']).toBe(compat.VERSION)
    expect(Object.values(compat.versions())).not.toContain('bundled')
  })
})

describe('the port map', () => {
  it('names every public name of the Python original, and only names of ours that exist', () => {
    const page = readFileSync(
      join(import.meta.dirname, '../../../docs/porting-from-python.md'),
      'utf8',
    )
    const rows = page.split('\n').filter((line) => line.startsWith('| `'))
    const map = new Map(rows.map((row) => [/`([^`]+)`/.exec(row)![1]!, row.split('|')[2]!]))
    expect(ORIGINAL.filter((name) => !map.has(name))).toEqual([])
    for (const [name, ours] of map) {
      for (const [, one] of ours.matchAll(/`(\w+)[^`]*`/g)) {
        expect(compat, `${name} is mapped to ${one!}`).toHaveProperty(one!)
      }
    }
  })
})

const ORIGINAL =
  `pause pause_until pause_for schedule schedule_at schedule_in schedule_recurring schedule_exception
  schedule_exception_at schedule_exception_in end greenlet handle_exception global_exception_handler local_exception_handler
  remove_global_exception_handler remove_local_exception_handler global_hook local_incoming_hook local_outgoing_hook
  remove_global_hook remove_local_incoming_hook remove_local_outgoing_hook set_ignore_interrupts reset_poller Event Lock RLock
  Condition Semaphore BoundedSemaphore Timer Local Thread Queue LifoQueue PriorityQueue Counter Socket File stdin stdout stderr
  pipe wait_fds SSLSocket wrap_socket OneWayPool Pool OrderedPool map PoolClosed main_greenlet getcurrent GreenletExit patch
  unpatch patched patched_context run_backdoor backdoor_handler configure_logging VERSION __version__ Timer.wrap
  sockets.socket_fromfd dns.resolve psycopg2.wait_callback zmq.wait_socks poller.best`.split(/\s+/)
