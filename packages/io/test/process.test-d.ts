import type { Blocking } from '@greenhouse/scheduler'
import { expectTypeOf, it } from 'vitest'
import { Process, runProcess, type PipeReader, type ProcessResult } from '../src/index.ts'

it('gives text with an encoding, else Buffers', () => {
  expectTypeOf(runProcess('x')).toEqualTypeOf<Blocking<ProcessResult<Buffer>>>()
  expectTypeOf(runProcess('x', [], { encoding: 'utf8' })).toEqualTypeOf<
    Blocking<ProcessResult<string>>
  >()
  expectTypeOf(new Process('x').stdout).toEqualTypeOf<PipeReader<Buffer>>()
  expectTypeOf(new Process('x', [], { encoding: 'latin1' }).stderr).toEqualTypeOf<
    PipeReader<string>
  >()
  expectTypeOf(new Process('x', [], { encoding: 'utf8' }).communicate()).toEqualTypeOf<
    Blocking<ProcessResult<string>>
  >()
})
