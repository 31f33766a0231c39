import { exec } from 'node:child_process'
// oxlint-disable-next-line eslint/no-restricted-imports -- as other programs do
import { setTimeout } from 'node:timers/promises'

export const sleep = () => setTimeout(60_000)
export const run = (done) => exec('sleep 60', done)
