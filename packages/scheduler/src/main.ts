// The public face of main.
import { main } from './core/main.ts'
import type { Greenlet } from './greenlet.ts'

/**
 * Stands for all code outside greenlets: the top level of modules and the callbacks of Node. It cannot be ended; an
 * exception scheduled for it rejects its oldest wait.
 *
 * Source: greenhouse/compat.py main_greenlet
 */
export const mainGreenlet: Greenlet = main
