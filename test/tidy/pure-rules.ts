import type { AnyNode } from 'acorn'
import {
  type Finding,
  findNodes,
  getDottedName,
  getPropertyName,
  type SourceFile,
} from './source-file.ts'

/** Globals of the language itself, so no library setting hides them, that no pure package may name. */
const IMPURE_NAMES = new Map([
  ['Date', 'time comes in as an argument'],
  ['FinalizationRegistry', 'what the collector does is not an input'],
  ['Intl', 'what the machine is set to is not an input'],
  ['Promise', 'effects are returned, never awaited'],
  ['WeakRef', 'what the collector does is not an input'],
])

const IMPURE_MEMBERS = new Map([
  ['Math.random', 'randomness comes in as an argument'],
  ['performance.now', 'time comes in as an argument'],
])

const LOCALE_METHODS = new Set(['localeCompare', 'toLocaleString', 'toLocaleUpperCase'])

/** Functions of Math that give an integer for integers. */
const INTEGER_MATH = new Set([
  'abs',
  'ceil',
  'clz32',
  'floor',
  'imul',
  'max',
  'min',
  'sign',
  'trunc',
])
const ROUNDING = new Set(['Math.ceil', 'Math.floor', 'Math.trunc'])
const FLOAT_MEMBERS = new Set(['Number.parseFloat', 'Number.EPSILON'])
const FLOAT_METHODS = new Set(['getFloat32', 'getFloat64', 'setFloat32', 'setFloat64', 'toFixed'])
const FLOAT_NAMES = new Set(['Float32Array', 'Float64Array', 'Infinity', 'NaN', 'parseFloat'])

/** A pure package reads no clock, draws no randomness, asks no locale and waits for nothing. */
export function findImpurities(file: SourceFile): Finding[] {
  return findNodes(file, (node, parents) => {
    const dotted = getDottedName(node)
    const why = dotted === undefined ? undefined : IMPURE_MEMBERS.get(dotted)
    if (why !== undefined) return `${dotted}: ${why}`
    if (LOCALE_METHODS.has(getPropertyName(node) ?? ''))
      return 'what the machine is set to is not an input'
    switch (node.type) {
      case 'Identifier': {
        const reason = IMPURE_NAMES.get(node.name)
        return reason === undefined || isPropertyOf(node, parents[0])
          ? undefined
          : `${node.name}: ${reason}`
      }
      case 'AwaitExpression':
        return 'await: effects are returned, never awaited'
      case 'ForOfStatement':
        return node.await ? 'for await: effects are returned, never awaited' : undefined
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return node.async ? 'async: effects are returned, never awaited' : undefined
      default:
        return undefined
    }
  })
}

/**
 * Agreed state is integers only. A division is allowed inside Math.floor, Math.ceil or Math.trunc,
 * between bigints that show it (`x / 3n`, `BigInt(x) / y`), and in a function named `div…`.
 */
export function findFloats(file: SourceFile): Finding[] {
  return findNodes(file, (node, parents) => {
    const dotted = getDottedName(node)
    if (dotted !== undefined) {
      const [object, property] = dotted.split('.')
      if (object === 'Math' && property !== undefined && !INTEGER_MATH.has(property)) {
        // Math.random is reported as an impurity; it is a float too.
        return `${dotted} gives a float`
      }
      if (FLOAT_MEMBERS.has(dotted)) return `${dotted} gives a float`
    }
    if (FLOAT_METHODS.has(getPropertyName(node) ?? ''))
      return `${getPropertyName(node)} is for floats`
    switch (node.type) {
      case 'Literal':
        return typeof node.value === 'number' && isFloatLiteral(node.value, node.raw ?? '')
          ? `${node.raw} is a float`
          : undefined
      case 'Identifier':
        return FLOAT_NAMES.has(node.name) && !isPropertyOf(node, parents[0])
          ? `${node.name} is for floats`
          : undefined
      case 'AssignmentExpression':
        return node.operator === '/=' ? 'a division that nothing rounds' : undefined
      case 'BinaryExpression':
        return node.operator === '/' && !isIntegerDivision(node, parents)
          ? 'a division that nothing rounds'
          : undefined
      default:
        return undefined
    }
  })
}

function isFloatLiteral(value: number, raw: string): boolean {
  return !Number.isSafeInteger(value) || raw.includes('.')
}

function isIntegerDivision(node: AnyNode, parents: readonly AnyNode[]): boolean {
  if (node.type !== 'BinaryExpression') return false
  if (isBigint(node.left) || isBigint(node.right)) return true
  const parent = parents[0]
  if (parent?.type === 'CallExpression' && ROUNDING.has(getDottedName(parent.callee) ?? '')) {
    return true
  }
  return parents.some(
    (above) => above.type === 'FunctionDeclaration' && above.id?.name.startsWith('div'),
  )
}

function isBigint(node: AnyNode): boolean {
  if (node.type === 'Literal') return typeof node.value === 'bigint'
  return (
    node.type === 'CallExpression' &&
    node.callee.type === 'Identifier' &&
    node.callee.name === 'BigInt'
  )
}

/** Whether an identifier is only a name after a dot or a key, not the global of that name. */
function isPropertyOf(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent?.type === 'MemberExpression') return parent.property === node && !parent.computed
  return parent?.type === 'Property' && parent.key === node && !parent.computed && !parent.shorthand
}
