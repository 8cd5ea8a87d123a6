"""Every small change that can be made to a Python source: the mutants of tools/mutate.py.

Statements are deleted; conditions are fixed to true and to false; comparisons, boolean and arithmetic operators are
exchanged; operands, keyword arguments, guards (`max`, `int`, `not`) and the protection of `try` and `with` are dropped;
constants are changed; what is returned or assigned becomes None. Left alone is what no test can tell: annotations,
docstrings, imports, assertions, decorators, what only the type checker sees.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
CHOICES = {"min", "max"}  # replaced by each of their arguments
GUARDS = {"abs", "bool", "dict", "float", "frozenset", "int", "list", "reversed", "round", "set", "sorted", "tuple"}
FIELDS_LEFT_ALONE = {"annotation", "returns", "decorator_list", "format_spec", "type_params", "ops", "op", "ctx"}
LEFT_ALONE = (ast.Import, ast.ImportFrom, ast.Assert, ast.Global, ast.Nonlocal)

Put = Callable[[ast.AST], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. `lines` are those of its statement's head; `apply` makes the change in the tree it comes from."""

    line: int
    lines: range
    text: str
    apply: Callable[[], None]


def mutants(tree: ast.Module) -> list[Mutant]:
    """Return all mutants of `tree`, in the order of their lines. Apply at most one of them."""
    found = [
        mutant for n, child in enumerate(tree.body) for mutant in _of(child, partial(_item, tree.body, n), range(0))
    ]
    return sorted(found, key=lambda mutant: mutant.line)


def _item(children: list[Any], number: int, new: ast.AST) -> None:
    children[number] = new


def _of(node: ast.AST, put: Put, lines: range) -> Iterator[Mutant]:
    """Yield the mutants of `node` and of all below it; `put` puts another node into its place."""
    if isinstance(node, ast.stmt):
        if isinstance(node, LEFT_ALONE) or _only_for_types(node) or _only_text(node):
            return
        lines = _head(node)
    elif isinstance(node, ast.ExceptHandler):
        lines = range(node.lineno, node.lineno + 1)
    for text, new in _changes(node):
        yield Mutant(getattr(node, "lineno", 0), lines, text, partial(_replace, put, node, new))
    for name, value in ast.iter_fields(node):
        if name in FIELDS_LEFT_ALONE:
            continue
        if isinstance(value, ast.AST):
            yield from _of(value, partial(setattr, node, name), lines)
        elif isinstance(value, list):
            for number, child in enumerate(value):
                if isinstance(child, ast.AST):
                    yield from _of(child, partial(_item, value, number), lines)


def _replace(put: Put, old: ast.AST, new: ast.AST) -> None:
    put(ast.copy_location(new, old))


def _head(node: ast.stmt) -> range:
    """The lines of a statement without those of the statements in it."""
    body = getattr(node, "body", None)
    last = node.end_lineno or node.lineno
    return range(node.lineno, max(node.lineno + 1, body[0].lineno) if isinstance(body, list) else last + 1)


def _only_text(node: ast.stmt) -> bool:
    """A docstring, or the `...` of a method that does nothing."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _only_for_types(node: ast.stmt) -> bool:
    match node:
        case ast.If(ast.Name("TYPE_CHECKING")) | ast.Assign(value=ast.Call(ast.Name("TypeVar"))):
            return True
    return False


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield (what is changed, in words; what comes into the node's place)."""
    if isinstance(node, ast.stmt):
        yield from _statement(node)
    elif isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield (
            f"except {ast.unparse(node.type)}: nothing is caught",
            ast.ExceptHandler(ast.Tuple([], ast.Load()), node.name, node.body),
        )
    elif isinstance(node, ast.expr):
        for new in _expression(node):
            yield f"{ast.unparse(node)} -> {ast.unparse(new)}", new


def _statement(node: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
    words = ast.unparse(node).splitlines()[0]
    none = ast.Constant(None)
    match node:
        case (
            ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Break() | ast.Continue() | ast.Return(None) | ast.Delete()
        ):
            yield f"delete: {words}", ast.Pass()
        case ast.Return(value) if value is not None and not _is_none(value):
            yield f"{words} -> return None", ast.Return(none)
        case ast.Assign(targets, value):
            yield f"delete: {words}", ast.Pass()
            yield from ((f"{words} -> {ast.unparse(fewer)}", fewer) for fewer in _one_less(targets, value))
            if isinstance(targets[0], ast.Name | ast.Attribute) and not isinstance(value, ast.Constant):
                yield f"{words} -> None", ast.Assign(targets, none, lineno=0)
        case ast.AnnAssign(ast.Attribute()):
            yield f"delete: {words}", ast.Pass()
        case ast.If(test, body, orelse) | ast.While(test, body, orelse):
            kind = type(node)
            yield f"{words} -> never", kind(ast.Constant(False), body, orelse)
            if not _is_true(test):
                yield f"{words} -> always", kind(ast.Constant(True), body, orelse)
        case ast.For(target, _, body, orelse):
            yield f"{words} -> over nothing", ast.For(target, ast.Tuple([], ast.Load()), body, orelse)
        case ast.With(items, body) if not any(item.optional_vars for item in items):
            yield f"without: {words}", _block(body)
        case ast.Try(body, handlers, orelse, finalbody) if finalbody:
            inner = [ast.Try(body, handlers, orelse, [])] if handlers else body
            yield "finally: -> only without an exception", _block([*inner, *finalbody])
    if isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
        new = ast.AugAssign(node.target, ARITHMETIC[type(node.op)](), node.value)
        yield f"{words} -> {ast.unparse(new)}", new


def _one_less(targets: list[ast.expr], value: ast.expr) -> Iterator[ast.Assign]:
    """`a = b = 0` without each of its targets, `a, b = 0, 1` without each of its pairs."""
    if len(targets) > 1:
        for number in range(len(targets)):
            yield ast.Assign([*targets[:number], *targets[number + 1 :]], value, lineno=0)
        return
    match targets[0], value:
        case ast.Tuple(names), ast.Tuple(values) if len(names) == len(values):
            for number in range(len(names)):
                left, right = ([*each[:number], *each[number + 1 :]] for each in (names, values))
                yield ast.Assign([ast.Tuple(left, ast.Store())], ast.Tuple(right, ast.Load()), lineno=0)


def _expression(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(float() as value):
            yield ast.Constant(2 * value if value else 1.0)
        case ast.Constant(str() as value) if value:
            yield ast.Constant(value + "~")
        case ast.Compare(left, ops, comparators):
            for number, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield ast.Compare(left, [*ops[:number], other(), *ops[number + 1 :]], comparators)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.And() if isinstance(op, ast.Or) else ast.Or(), values)
            for number in range(len(values)):
                rest = [*values[:number], *values[number + 1 :]]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC:
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.IfExp(_, body, orelse):
            yield body
            yield orelse
        case ast.Lambda(args, body) if not _is_none(body):
            yield ast.Lambda(args, ast.Constant(None))
        case ast.Call():
            yield from _call(node)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield from _unfiltered(node)


def _call(node: ast.Call) -> Iterator[ast.expr]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in CHOICES and len(node.args) > 1:
        yield from node.args
    if name in GUARDS and len(node.args) == 1 and not node.keywords:
        yield node.args[0]
    for number, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            rest = [*node.keywords[:number], *node.keywords[number + 1 :]]
            yield ast.Call(node.func, node.args, rest)


def _unfiltered(node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> Iterator[ast.expr]:
    """The comprehension without each of its conditions."""
    for number, generator in enumerate(node.generators):
        for condition in generator.ifs:
            ifs = [other for other in generator.ifs if other is not condition]
            fewer = ast.comprehension(generator.target, generator.iter, ifs, generator.is_async)
            generators = [*node.generators[:number], fewer, *node.generators[number + 1 :]]
            if isinstance(node, ast.DictComp):
                yield ast.DictComp(node.key, node.value, generators)
            else:
                yield type(node)(node.elt, generators)


def _block(body: list[ast.stmt]) -> ast.stmt:
    """Several statements in the place of one."""
    return ast.If(ast.Constant(True), body, [])


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)
