"""The compiled shaders: a program for each kind of surface and of light, with its uniforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from synth.light import Light
from synth.shaders import SHADE_FRAGMENT, SHADE_VERTEX, SURFACES, VERTEX, Lit, fragment

if TYPE_CHECKING:
    import moderngl

Array = NDArray[Any]
_INPUTS = (("p", 3), ("n", 3), ("q", 3), ("m", 1), ("v", 1), ("s", 1), ("e", 1))  # of a vertex of `pieces.joined`


class _Program:
    """One program, and what it takes from the buffers. Raises TypeError when a uniform is something else."""

    def __init__(self, gl: moderngl.Context, vertex: str, pixel: str) -> None:
        import moderngl

        self.program = gl.program(vertex_shader=vertex, fragment_shader=pixel)
        self.uniforms: dict[str, moderngl.Uniform] = {}
        inputs = set()
        for name in self.program:
            found = self.program[name]
            if isinstance(found, moderngl.Attribute):
                inputs.add(name)
            elif isinstance(found, moderngl.Uniform):
                self.uniforms[name] = found
            else:
                raise TypeError(f"{name}: found {type(found).__name__}, expected a uniform")
        self.layout = " ".join(f"{n}f" if name in inputs else f"{n}x4" for name, n in _INPUTS)
        self.names = [name for name, _ in _INPUTS if name in inputs]


class Programs:
    """The programs of one OpenGL context. Each kind of light has its own, compiled when it first comes."""

    def __init__(self, gl: moderngl.Context) -> None:
        self._gl = gl
        self._all: dict[Lit, dict[str, _Program]] = {}
        self._now: dict[str, _Program] = {}
        self._uses: dict[Lit, dict[str, list[moderngl.Uniform]]] = {}
        self._put: dict[str, list[moderngl.Uniform]] = {}
        self._depth = _Program(gl, SHADE_VERTEX, SHADE_FRAGMENT)

    def choose(self, light: Light) -> None:
        """Take the programs of one kind of light for what follows."""
        lit = Lit(int(light.key.power > 0), len(light.fills), int(light.ring is not None), light.infrared)
        if lit not in self._all:
            programs = {name: _Program(self._gl, VERTEX, fragment(name, lit)) for name in SURFACES}
            uses: dict[str, list[moderngl.Uniform]] = {}
            for program in programs.values():
                for name, uniform in program.uniforms.items():
                    uses.setdefault(name, []).append(uniform)
            self._all[lit], self._uses[lit] = programs, uses
        self._now, self._put = self._all[lit], self._uses[lit]

    def put(self, values: dict[str, Any]) -> None:
        """Set uniforms in every chosen program that uses them; bytes are written as they are."""
        for name, value in values.items():
            for uniform in self._put.get(name, ()):
                if isinstance(value, bytes):
                    uniform.write(value)
                else:
                    uniform.value = value

    def draw(self, surface: str, vertices: Array, faces: Array) -> None:
        """Draw a mesh of `pieces.joined`."""
        program = self._now[surface]
        buffer, index = self._gl.buffer(vertices.tobytes()), self._gl.buffer(faces.tobytes())
        self._render(program.program, [(buffer, program.layout, *program.names)], index)
        buffer.release()
        index.release()

    def draw_depth(self, meshes: list[tuple[moderngl.Buffer, moderngl.Buffer]], view: Array) -> None:
        """Draw the depth of meshes (positions, triangles) alone, as `view` (4, 4) shows them."""
        self._depth.uniforms["view"].write(view.T.astype("f4").tobytes())
        for positions, faces in meshes:
            self._render(self._depth.program, [(positions, "3f", "p")], faces)

    def _render(self, program: moderngl.Program, content: list[Any], index: moderngl.Buffer) -> None:
        array = self._gl.vertex_array(program, content, index)
        array.render()
        array.release()
