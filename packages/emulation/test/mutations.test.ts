// Whether the mask harness would notice: with a guard of the printers dropped, some program must go wrong.
import { describe, expect, it } from 'vitest'
import { compare, compileScript } from './mask.ts'
import { corePrograms } from './programs/core.ts'
import { languagePrograms } from './programs/language.ts'

const programs = { ...corePrograms, ...languagePrograms }

/** What is dropped, and the programs in which it must show. */
const mutations: readonly [name: string, from: RegExp, to: string, where: readonly string[]][] = [
  ['an error is thrown at its call', /if\(\$_X\)throw \$_V;/g, '', ['tryCatch', 'tryNested']],
  ['finally waits for the end', /finally\{if\(\$_K===0\)/g, 'finally{if(true)', ['finallyPlain']],
  ['what was done is not done again', /if\(\$_P===0\)\{(?!if\()/g, 'if(true){', ['compound']],
  ['a loop is entered without its test', /\$_P!==0\|\|\(/g, 'false||(', ['loopTests']],
  ['a catch clause is entered again', /throw \$_J;/g, '', ['tryNested']],
  ['locals are restored', /=\$_L\[\d+\]/g, '', ['arith']],
  ['the twin is its own', /&&\$_g\.o===/g, '||$_g.o===', ['inheritedTwin', 'prototypes']],
  ['each round has variables of its own', /\$_e(\d+)=\{\.\.\.\$_e\1\}/g, '0', ['loopClos']],
  ['an iterator is closed', /\.close\(\)/g, '.failed()', ['iteratorClose']],
  [
    'a generator yields what is suspended',
    /===\$_S\?yield\[[^\]]*\]:/g,
    '===$_S?0:',
    ['generators'],
  ],
  ['what is dead is dead', /\$_d\(([\w$.]+),"\w+"\)/g, '$1', ['deadCapture']],
]

describe('Mutations', () => {
  for (const [name, from, to, where] of mutations) {
    it(`notices when it is not so that ${name}`, async () => {
      const noticed: string[] = []
      let changed = false
      for (const program of where) {
        const compile = (source: string): string => {
          const code = compileScript(source)
          const mutated = code.replace(from, to)
          changed ||= mutated !== code
          return mutated
        }
        const { failure } = await compare(programs[program]!, compile, 2)
        if (failure !== null) noticed.push(program)
      }
      expect(changed).toBe(true)
      expect(noticed).not.toEqual([])
    })
  }
})
