"""Draws pieces with OpenGL, without a display (EGL; Debian's software renderer will do)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from synth import skin
from synth.camera import Camera
from synth.face import Posed
from synth.light import Light
from synth.people import Person
from synth.pieces import Material, Piece, joined
from synth.shaders import SHADE_FRAGMENT, SHADE_VERTEX, SURFACES, VERTEX, fragment

if TYPE_CHECKING:
    import moderngl

Array = NDArray[Any]
SHADE_PX = 768
LEVELS = 4  # of the skin's picture, each half the size of the last
IRIS_M = 0.0059
SURFACE = {
    **{kind: kind.name for kind in Material},
    Material.EYE_LEFT: "EYE",
    Material.EYE_RIGHT: "EYE",
    Material.PLAIN: "CLOTH",
    Material.CABIN: "CABIN",
}
HELP = "apt install libegl1 libgl1-mesa-dri (and: pip install moderngl)"


class NoRenderer(Exception):
    """OpenGL over EGL cannot be had."""


def _uniform(program: moderngl.Program, name: str) -> moderngl.Uniform:
    """Return a program's uniform. Raises TypeError when its shaders have something else of this name."""
    import moderngl

    found = program[name]
    if not isinstance(found, moderngl.Uniform):
        raise TypeError(f"{name}: found {type(found).__name__}, expected a uniform")
    return found


class Renderer:
    """One OpenGL context; keeps the skins of the last people. Raises NoRenderer."""

    def __init__(self) -> None:
        try:
            import moderngl

            settings: Any = {"backend": "egl"}  # the library's stubs ask for a dictionary for each setting
            self._gl = moderngl.create_standalone_context(**settings)
        except Exception as error:  # the library's own errors have no class in common
            raise NoRenderer(f"no OpenGL over EGL on this machine ({error}); {HELP}") from error
        self._module = moderngl
        self._programs = {
            name: self._gl.program(vertex_shader=VERTEX, fragment_shader=fragment(name)) for name in SURFACES
        }
        self._shade = self._gl.program(vertex_shader=SHADE_VERTEX, fragment_shader=SHADE_FRAGMENT)
        depth = self._gl.depth_texture((SHADE_PX, SHADE_PX))
        depth.compare_func = "<="
        self._shadow = depth
        self._shade_target = self._gl.framebuffer(depth_attachment=depth)
        self._targets: dict[tuple[int, int], Any] = {}
        self._kept: tuple[Any, Any] | None = None  # what of a cabin stands still, drawn once: its key and picture
        self._skins: dict[tuple[int, int], Any] = {}
        self.name = str(self._gl.info["GL_RENDERER"])

    def _target(self, size: tuple[int, int]) -> Any:
        if size not in self._targets:
            self._targets[size] = self._new_target(size)
        return self._targets[size]

    def _new_target(self, size: tuple[int, int]) -> Any:
        gl = self._gl
        return gl.framebuffer([gl.renderbuffer(size, 4, dtype="f2")], gl.depth_renderbuffer(size))

    def _begin(self, still: list[Piece], who: Person, posed: Posed, size: tuple[int, int], key: Any) -> Any:
        """Return the target with what stands still in it, from the last time where `key` is the same."""
        target = self._target(size)
        kept = self._kept
        if kept is None or kept[0] != key:
            if kept is not None:
                _free(kept[1])
            picture = self._new_target(size)
            picture.use()
            picture.clear(0.0, 0.0, 0.0, 1.0)
            self._person(who, posed)
            self._meshes(_by_surface(still))
            self._kept = kept = (key, picture)
        self._gl.copy_framebuffer(target, kept[1])
        target.use()
        return target

    def _skin(self, person: Person) -> Any:
        key = (person.seed, person.number)
        if key not in self._skins:
            if len(self._skins) > 8:
                self._skins.pop(next(iter(self._skins))).release()
            picture = skin.paint(person)
            texture = self._gl.texture((skin.WIDTH, skin.HEIGHT), 4, picture.tobytes())
            texture.build_mipmaps(0, LEVELS)
            for level in range(1, LEVELS + 1):  # the renderer's own take a third of a second
                picture = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
                texture.write(picture.tobytes(), level=level)
            texture.filter = (self._module.LINEAR_MIPMAP_LINEAR, self._module.LINEAR)
            texture.repeat_x, texture.repeat_y = True, False
            self._skins[key] = texture
        return self._skins[key]

    def forget_skins(self) -> None:
        """Drop the kept skins: people of the same number are to be painted anew."""
        for texture in self._skins.values():
            texture.release()
        self._skins.clear()

    def draw(
        self,
        people: list[tuple[Person, Posed, list[Piece], list[Piece]]],
        still: list[Piece],
        moving: list[Piece],
        camera: Camera,
        light: Light,
        size: tuple[int, int],
        across_deg: float,
        wheel: str = "left",
    ) -> Array:
        """Return linear radiance, float32 (height, width): each person's solid and blended pieces, and the cabin.

        `still` is drawn once as long as `still`'s vertices, camera and light stay the same.
        """
        gl = self._gl
        wide = Camera(camera.place, camera.at, camera.to, camera.roll_deg, across_deg, size)
        solid = [(who, posed, _by_surface(pieces)) for who, posed, pieces, _ in people]
        clear = [(who, posed, _by_surface(pieces)) for who, posed, _, pieces in people]
        shade = self._shadows([joined(pieces) for _, _, pieces, _ in people], light)
        gl.enable(gl.DEPTH_TEST)
        self._set(wide, light, shade, wheel)
        self._shadow.use(1)
        key = (wide, light, wheel, tuple(float(piece.vertices.sum()) for piece in still))
        target = self._begin(still, *people[0][:2], size, key)
        for who, posed, meshes in [*solid, (*people[0][:2], _by_surface(moving))]:
            self._person(who, posed)
            self._meshes(meshes)
        gl.enable(gl.BLEND)
        gl.blend_func = gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA
        target.depth_mask = False
        for who, posed, meshes in clear:
            self._person(who, posed)
            self._meshes(meshes)
        target.depth_mask = True
        gl.disable(gl.BLEND)
        data = np.frombuffer(target.read(components=1, dtype="f4"), np.float32)
        return np.ascontiguousarray(data.reshape(size[1], size[0])[::-1])

    def _meshes(self, meshes: dict[str, tuple[Array, Array]]) -> None:
        for surface, (vertices, faces) in meshes.items():
            buffer, index = self._gl.buffer(vertices.tobytes()), self._gl.buffer(faces.tobytes())
            program = self._programs[surface]
            used = [("p", 3), ("n", 3), ("q", 3), ("m", 1), ("v", 1), ("s", 1), ("e", 1)]
            layout = " ".join(f"{n}f" if name in program else f"{n}x4" for name, n in used)
            names = [name for name, _ in used if name in program]
            array = self._gl.vertex_array(program, [(buffer, layout, *names)], index)
            array.render()
            for thing in (array, buffer, index):
                thing.release()

    def _shadows(self, meshes: list[tuple[Array, Array]], light: Light) -> Array:
        """Draw what the key light sees; return its matrix."""
        at, middle = np.array(light.key.at), np.array([0.0, -0.03, -0.02])
        ahead = middle - at
        distance = float(np.linalg.norm(ahead))
        ahead /= distance
        right = np.cross(ahead, np.array([0.03, 0.02, 1.0]))
        right /= np.linalg.norm(right)
        view = np.eye(4)
        view[:3, :3] = np.stack([right, np.cross(right, ahead), -ahead])
        view[:3, 3] = -view[:3, :3] @ at
        half = 0.30
        if distance > 5:
            near, far = distance - 0.8, distance + 0.8
            projection = np.diag([1 / half, 1 / half, -2 / (far - near), 1.0])
            projection[2, 3] = -(far + near) / (far - near)
        else:
            near, far = max(0.05, distance - 0.5), distance + 0.7
            t = distance / half
            projection = np.zeros((4, 4))
            projection[0, 0] = projection[1, 1] = t
            projection[2, 2], projection[2, 3] = -(far + near) / (far - near), -2 * far * near / (far - near)
            projection[3, 2] = -1
        matrix = np.asarray(projection @ view)
        self._shade_target.use()
        self._shade_target.clear(depth=1.0)
        self._gl.enable(self._gl.DEPTH_TEST)
        _uniform(self._shade, "view").write(matrix.T.astype("f4").tobytes())
        if light.key.power > 0:
            for vertices, faces in meshes:
                buffer = self._gl.buffer(np.ascontiguousarray(vertices[:, :3]).tobytes())
                index = self._gl.buffer(faces.tobytes())
                array = self._gl.vertex_array(self._shade, [(buffer, "3f", "p")], index)
                array.render()
                for thing in (array, buffer, index):
                    thing.release()
        return matrix

    def _put(self, name: str, value: Any) -> None:
        """Set a uniform in every program that uses it."""
        for program in self._programs.values():
            if name in program:
                uniform = _uniform(program, name)
                if isinstance(value, bytes):
                    uniform.write(value)
                else:
                    uniform.value = value

    def _set(self, camera: Camera, light: Light, shade: Array, wheel: str) -> None:
        self._put("view", camera.matrix().T.astype("f4").tobytes())
        self._put("shade", shade.T.astype("f4").tobytes())
        ring = light.ring
        values = {
            "eye": camera.at,
            "key_at": light.key.at,
            "key_power": light.key.power,
            "key_falls": light.key.falls,
            "ring_at": ring.at if ring else (0.0, 0.0, 0.0),
            "ring_power": ring.power if ring else 0.0,
            "ring_spot": light.spot,
            "lens_axis": tuple(camera.axes[2]),
            "fills": len(light.fills),
            "keys": int(light.key.power > 0),
            "rings": int(ring is not None),
            "sky_power": light.sky,
            "ground_power": light.ground,
            "outside": light.outside,
            "belt": -1.0 if wheel == "left" else 1.0,
            "infrared": light.infrared,
            "bright_pupil": light.bright_pupil,
            "skin": 0,
            "shadow": 1,
        }
        for name, value in values.items():
            self._put(name, value)
        fills = [(*lamp.at, lamp.power) for lamp in light.fills] + [(0.0, 0.0, 0.0, 0.0)] * (4 - len(light.fills))
        self._put("fill", fills)

    def _person(self, person: Person, posed: Posed) -> None:
        self._skin(person).use(0)
        values = {
            "gaze": [tuple(posed.gaze[0]), tuple(posed.gaze[1])],
            "iris": person.iris,
            "pupil": person.pupil,
            "iris_angle": math.asin(IRIS_M / posed.radii[0]),
            "hair": person.hair_albedo,
            "brow": person.brow_albedo,
            "cloth": person.cloth,
            "pattern": person.cloth_pattern,
            "oily": person.oily,
            "tint": person.frame["tint"] if person.glasses == "dark" else 0.94,
            "glare": 0.5 if person.glasses == "glaring" else 0.0,
        }
        for name, value in values.items():
            self._put(name, value)


def _free(target: Any) -> None:
    """Release a framebuffer with what is attached to it, which its own release leaves."""
    for part in (*target.color_attachments, target.depth_attachment, target):
        part.release()


def drawn_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size to draw a picture in that is then made smaller: the cheapest way to soft edges in software."""
    more = 2.0 if size[0] <= 400 else 1.3 if size[0] <= 800 else 1.0
    return round(size[0] * more), round(size[1] * more)


def _by_surface(pieces: list[Piece]) -> dict[str, tuple[Array, Array]]:
    """Return one mesh for each kind of surface, in the order in which they first come."""
    groups: dict[str, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(SURFACE[piece.material], []).append(piece)
    return {surface: joined(some) for surface, some in groups.items()}
