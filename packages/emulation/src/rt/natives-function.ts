// Function.prototype.call, apply and bind; Reflect.apply and construct.
import { bindTwin } from './attach.ts'
import { call } from './call.ts'
import { constructWith } from './construct.ts'
import { attachTwin, twinOf, type Callable } from './convention.ts'

export function installFunctionTwins(): void {
  const prototype = Function.prototype as unknown as Record<'call' | 'apply' | 'bind', Callable>
  const { call: originalCall, apply: originalApply, bind: originalBind } = prototype
  attachTwin(originalCall, function (self: unknown, ...args: unknown[]) {
    const twin = twinOf(this)
    if (twin !== undefined) return Reflect.apply(twin, self, args)
    return Reflect.apply(this as Callable, self, args)
  })
  attachTwin(originalApply, function (self: unknown, args: unknown) {
    const twin = twinOf(this)
    if (twin === undefined) return Reflect.apply(originalApply, this, [self, args])
    return Reflect.apply(twin, self, args === undefined || args === null ? [] : (args as unknown[]))
  })
  attachTwin(originalBind, function (self: unknown, ...first: unknown[]) {
    const bound = Reflect.apply(originalBind, this, [self, ...first]) as Callable
    bindTwin(this as Callable, bound, self, first)
    return bound
  })
  const { apply, construct } = Reflect
  attachTwin(apply as Callable, (fn: unknown, self: unknown, args: unknown) =>
    twinOf(fn) === undefined
      ? apply(fn as Callable, self, args as unknown[])
      : call('callee', self, fn, ...Array.from(args as ArrayLike<unknown>)),
  )
  attachTwin(construct as Callable, (fn: unknown, args: unknown, ...target: unknown[]) =>
    twinOf(fn) === undefined
      ? construct(fn as Callable, args as unknown[], ...(target as [Callable]))
      : constructWith(
          fn as Callable,
          Array.from(args as ArrayLike<unknown>),
          (target.length > 0 ? target[0] : fn) as Callable,
        ),
  )
}
