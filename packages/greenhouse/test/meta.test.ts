import { describe, expect, it } from 'vitest'
import * as compat from '@greenhouse/compat'
import * as meta from 'greenhouse'

describe('greenhouse', () => {
  it('is the facade, its default included', () => {
    expect(Object.keys(meta)).toEqual(Object.keys(compat))
    expect(meta.default).toBe(compat.default)
    expect(meta.default.schedule).toBe(meta.schedule)
  })
})
