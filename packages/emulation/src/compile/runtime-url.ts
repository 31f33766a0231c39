// Where compiled ES modules import the runtime from.

/** The symbol under which the runtime stands on `globalThis`. */
export const RUNTIME = '@greenhouse/emulation/runtime@1'

/** All that compiled code may use of the runtime. */
export const HELPERS = [
  'S',
  'c',
  'n',
  'q',
  'sp',
  'sg',
  'ss',
  'sc',
  'once',
  'th',
  'rt',
  'it',
  'ai',
  'dt',
  'w',
  'y',
  'yd',
  'yda',
  'B',
  'tw',
  'tm',
  'ct',
  'mk',
  'mkn',
  'nm',
  'ky',
  'bd',
  'M',
  'F',
  'U',
  'tnt',
  'GR',
  'FC',
  'J',
  'D',
  'd',
  'bad',
  'nf',
  'keys',
  'fn',
  'cap',
  'k',
  'again',
] as const

export const RUNTIME_URL: string = `data:text/javascript,const r=globalThis[Symbol.for('${RUNTIME}')];export const {${HELPERS.join(',')}}=r`
