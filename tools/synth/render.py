"""Draws pieces with OpenGL, without a display (EGL; Debian's software renderer will do)."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from synth import skin
from synth.camera import Camera
from synth.face import Posed
from synth.light import Light
from synth.people import Person
from synth.pieces import Material, Piece, joined
from synth.programs import Programs

Array = NDArray[Any]
SHADE_PX = 768
SKINS = 4  # kept: more than are in one picture
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
        self._programs = Programs(self._gl)
        depth = self._gl.depth_texture((SHADE_PX, SHADE_PX))
        depth.compare_func = "<="
        self._shadow = depth
        self._shade_target = self._gl.framebuffer(depth_attachment=depth)
        self._targets: dict[tuple[int, int], Any] = {}
        self._last: Any = None  # the last picture's key: see _begin
        self._kept: tuple[Any, Any] | None = None  # what of a cabin stands still, drawn once: its key and picture
        self._skins: dict[tuple[int, int], Any] = {}
        self.name = str(self._gl.info["GL_RENDERER"])

    def _target(self, size: tuple[int, int]) -> Any:
        if size not in self._targets:
            self._targets[size] = self._new_target(size)
        return self._targets[size]

    def _new_target(self, size: tuple[int, int]) -> Any:
        gl = self._gl
        return gl.framebuffer([gl.renderbuffer(size, 1, dtype="f4")], gl.depth_renderbuffer(size))

    def _begin(
        self, still: list[Piece], first: tuple[Person, Posed], size: tuple[int, int], key: Any
    ) -> tuple[Any, bool]:
        """Return the target, and whether what stands still is in it.

        It is drawn apart and kept when it comes a second time running (`key` is the same). A single picture draws it
        behind the people, where most of it is hidden.
        """
        target = self._target(size)
        if key == self._last and (self._kept is None or self._kept[0] != key):
            if self._kept is not None:
                _free(self._kept[1])
            picture = self._new_target(size)
            picture.use()
            picture.clear()
            self._person(*first)
            self._meshes(_by_surface(still))
            self._kept = (key, picture)
        self._last = key
        if self._kept is None or self._kept[0] != key:
            target.use()
            target.clear()
            return target, False
        self._gl.copy_framebuffer(target, self._kept[1])
        target.use()
        return target, True

    def _skin(self, person: Person) -> Any:
        key = (person.seed, person.number)
        texture = self._skins.pop(key, None)
        if texture is None:
            picture = skin.paint(person)
            texture = self._skins.pop(next(iter(self._skins))) if len(self._skins) >= SKINS else self._new_skin()
            texture.write(picture.tobytes())
            for level in range(1, LEVELS + 1):  # the renderer's own take a third of a second
                picture = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
                texture.write(picture.tobytes(), level=level)
        self._skins[key] = texture  # the last one used comes last
        return texture

    def _new_skin(self) -> Any:
        texture = self._gl.texture((skin.WIDTH, skin.HEIGHT), 4)
        texture.build_mipmaps(0, LEVELS)
        texture.filter = (self._module.LINEAR_MIPMAP_LINEAR, self._module.LINEAR)
        texture.repeat_x, texture.repeat_y = True, False
        return texture

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

        `still` is drawn once as long as `still`'s vertices, camera and light stay the same: see `_begin`.
        """
        gl, programs = self._gl, self._programs
        wide = Camera(camera.place, camera.at, camera.to, camera.roll_deg, across_deg, size)
        everything = [piece for _, _, pieces, _ in people for piece in pieces]
        hairless = self._shape([piece for piece in everything if piece.material is not Material.HAIR])
        shapes = hairless + self._shape([piece for piece in everything if piece.material is Material.HAIR])
        gl.enable(gl.DEPTH_TEST)
        gl.depth_func = "<="
        programs.choose(light)
        shade = self._shadows(shapes, light)
        self._set(wide, light, shade, wheel)
        self._shadow.use(1)
        first = people[0][:2]
        key = (wide, light, wheel, tuple(float(piece.vertices.sum()) for piece in still))
        target, there = self._begin(still, first, size, key)
        # Depth first, so that what is hidden is not shaded. Hair has holes that only its own shader knows.
        target.color_mask = (False, False, False, False)
        behind = [] if there else self._shape(still)
        programs.draw_depth(hairless + behind, wide.matrix())
        target.color_mask = (True, True, True, True)
        for buffer in (buffer for shape in shapes + behind for buffer in shape):
            buffer.release()
        solid = [(who, posed, _by_surface(pieces)) for who, posed, pieces, _ in people]
        clear = [(who, posed, _by_surface(pieces)) for who, posed, _, pieces in people]
        for who, posed, meshes in [*solid, (*first, _by_surface(moving if there else still + moving))]:
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

    def _shape(self, pieces: list[Piece]) -> list[tuple[Any, Any]]:
        """Return the positions and triangles of pieces in buffers, or nothing."""
        if not pieces:
            return []
        faces, start = [], 0
        for piece in pieces:
            faces.append(piece.faces + start)
            start += len(piece.vertices)
        positions = np.concatenate([piece.vertices for piece in pieces], dtype=np.float32, casting="same_kind")
        triangles = np.concatenate(faces).astype(np.int32)
        return [(self._gl.buffer(positions.tobytes()), self._gl.buffer(triangles.tobytes()))]

    def _meshes(self, meshes: dict[str, tuple[Array, Array]]) -> None:
        for surface, (vertices, faces) in meshes.items():
            self._programs.draw(surface, vertices, faces)

    def _shadows(self, meshes: list[tuple[Any, Any]], light: Light) -> Array:
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
        if light.key.power > 0:
            self._programs.draw_depth(meshes, matrix)
        return matrix

    def _set(self, camera: Camera, light: Light, shade: Array, wheel: str) -> None:
        ring = light.ring
        fills = [(*lamp.at, lamp.power) for lamp in light.fills]
        values = {
            "view": camera.matrix().T.astype("f4").tobytes(),
            "shade": shade.T.astype("f4").tobytes(),
            "eye": camera.at,
            "key_at": light.key.at,
            "key_power": light.key.power,
            "key_falls": light.key.falls,
            "ring_at": ring.at if ring else (0.0, 0.0, 0.0),
            "ring_power": ring.power if ring else 0.0,
            "ring_spot": light.spot,
            "lens_axis": tuple(camera.axes[2]),
            "fill": np.array(fills, np.float32).tobytes(),
            "sky_power": light.sky,
            "ground_power": light.ground,
            "outside": light.outside,
            "belt": -1.0 if wheel == "left" else 1.0,
            "bright_pupil": light.bright_pupil,
            "skin": 0,
            "shadow": 1,
        }
        self._programs.put(values)

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
        self._programs.put(values)


def _free(target: Any) -> None:
    """Release a framebuffer with what is attached to it, which its own release leaves."""
    for part in (*target.color_attachments, target.depth_attachment, target):
        part.release()


def drawn_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size to draw a picture in that is then made smaller: the cheapest way to soft edges in software."""
    more = 2.0 if size[0] <= 400 else 1.3 if size[0] <= 800 else 1.0
    return round(size[0] * more), round(size[1] * more)


def _by_surface(pieces: list[Piece]) -> dict[str, tuple[Array, Array]]:
    """Return one mesh for each kind of surface: hair first and from outside, as it hides skin; glow behind all."""
    groups: dict[str, list[Piece]] = {}
    for piece in sorted(pieces, key=lambda p: (p.material is not Material.HAIR) + (p.material is Material.GLOW)):
        groups.setdefault(SURFACE[piece.material], []).append(piece)
    groups.get("HAIR", []).reverse()
    return {surface: joined(some) for surface, some in groups.items()}
