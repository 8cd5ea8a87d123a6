"""The shaders (OpenGL 3.3). Everything is grey: one linear radiance.

Each kind of surface has a program of its own for each kind of light: the software renderer runs every branch of a
program for every pixel, and a loop that it cannot unroll costs more than what is in it.
"""

from __future__ import annotations

from typing import NamedTuple

VERTEX = """#version 330
uniform mat4 view; uniform mat4 shade;
invariant gl_Position;
in vec3 p; in vec3 n; in vec3 q; in float m; in float v; in float s; in float e;
out vec3 at; out vec3 nn; out vec3 place; flat out float material; out float value; out float sky; out float extra;
out vec4 shaded;
void main() {
  gl_Position = view * vec4(p, 1); shaded = shade * vec4(p + n * 0.0015, 1);
  at = p; nn = n; place = q; material = m; value = v; sky = s; extra = e;
}"""

SHADE_VERTEX = """#version 330
uniform mat4 view; in vec3 p;
invariant gl_Position;
void main() { gl_Position = view * vec4(p, 1); }"""

SHADE_FRAGMENT = """#version 330
out vec4 c; void main() { c = vec4(1); }"""

COMMON = """uniform vec3 eye;
uniform vec3 key_at; uniform float key_power; uniform bool key_falls;
uniform vec3 ring_at; uniform float ring_power; uniform float ring_spot; uniform vec3 lens_axis;
uniform vec4 fill[4];
uniform float sky_power; uniform float ground_power; uniform float outside;
uniform float bright_pupil;
uniform sampler2D skin; uniform sampler2DShadow shadow;
uniform vec3 gaze[2]; uniform float iris; uniform float pupil; uniform float iris_angle;
uniform float hair; uniform float brow; uniform float cloth; uniform float pattern; uniform float oily;
uniform float tint; uniform float glare; uniform float belt;
in vec3 at; in vec3 nn; in vec3 place; flat in float material; in float value; in float sky; in float extra;
in vec4 shaded;
out vec4 colour;

float hash(vec3 p) { p = fract(p * 0.3183099 + vec3(.1, .37, .71)); p *= 17.0;
  return fract(p.x * p.y * p.z * (p.x + p.y + p.z)); }
float noise(vec3 x) {
  vec3 i = floor(x), f = fract(x); f = f * f * (3. - 2. * f);
  return mix(mix(mix(hash(i), hash(i + vec3(1,0,0)), f.x), mix(hash(i + vec3(0,1,0)), hash(i + vec3(1,1,0)), f.x), f.y),
             mix(mix(hash(i + vec3(0,0,1)), hash(i + vec3(1,0,1)), f.x),
                 mix(hash(i + vec3(0,1,1)), hash(i + vec3(1,1,1)), f.x), f.y), f.z);
}
vec2 around(vec3 q) { return vec2(atan(q.x, -(q.y + 0.01)) / 6.2831853 + 0.5, (0.17 - q.z) / 0.32); }

float lit() {   // share of the key light that arrives
  vec3 s = shaded.xyz / shaded.w * 0.5 + 0.5;
  if (any(lessThan(s, vec3(0.001))) || any(greaterThan(s, vec3(0.999)))) return 1.0;
  float sum = 0.0;
  for (int i = -1; i <= 1; i += 2) for (int j = -1; j <= 1; j += 2)
    sum += texture(shadow, vec3(s.xy + vec2(i, j) * 0.0009, s.z - 0.0012));
  return sum / 4.0;
}
// Diffuse light with a soft terminator (`wrap`), and a highlight of the given sharpness, from one lamp.
vec2 lamp(vec3 N, vec3 V, vec3 from, float power, bool falls, float wrap, float sharp) {
  vec3 L = from - at; float d = length(L); L /= d;
  float p = falls ? power / max(0.02, d * d) : power;
  float diffuse = max(0., (dot(N, L) + wrap) / (1. + wrap)); diffuse *= diffuse > 0. ? 1. : 0.;
  vec3 H = normalize(L + V + vec3(1e-5)); float f = 0.04 + 0.96 * pow(1. - clamp(dot(H, V), 0., 1.), 5.);
  float high = pow(max(0., dot(N, H)), sharp) * (sharp + 2.) / 8. * f * step(0., dot(N, L));
  return p * vec2(diffuse, high);
}
vec2 light(vec3 N, vec3 V, float wrap, float sharp, float free) {
  vec2 sum = vec2(0);
  for (int i = 0; i < keys; i++) sum += lamp(N, V, key_at, key_power, key_falls, wrap, sharp) * lit();
  for (int i = 0; i < fills; i++) sum += lamp(N, V, fill[i].xyz, fill[i].w, true, wrap, sharp);
  for (int i = 0; i < rings; i++) {
    float off = max(0., dot(normalize(at - eye), lens_axis));
    sum += lamp(N, V, ring_at, ring_power * pow(off, ring_spot), true, wrap, sharp);
  }
  float up = N.z * 0.5 + 0.5, front = 0.6 - 0.4 * N.y;
  sum.x += free * (sky_power * mix(0.25, 1.0, up) * front + ground_power * (1. - up));
  vec3 R = reflect(-V, N);   // the windscreen's light on shiny things
  float f = 0.04 + 0.96 * pow(1. - clamp(dot(N, V), 0., 1.), 5.);
  sum.y += free * f * sky_power * smoothstep(-0.2, 0.6, R.z) * smoothstep(0.2, -0.6, R.y);
  return sum;
}
// Windows as a mirror shows them: bright panes around the cabin.
float panes(vec3 R) {
  float a = atan(R.x, -R.y), h = asin(clamp(R.z, -1., 1.));
  float front = smoothstep(0.62, 0.52, abs(a)) * smoothstep(0.02, 0.1, h) * smoothstep(0.62, 0.5, h);
  float sides = smoothstep(0.75, 0.68, abs(abs(a) - 1.5)) * smoothstep(-0.02, 0.05, h) * smoothstep(0.5, 0.42, h);
  return max(front, sides) * (0.6 + 0.4 * noise(R * 9.));
}
"""

BEGIN = """
void main() {
  vec3 N = normalize(nn), V = normalize(eye - at);
  float radiance = 0., alpha = 1.;
"""
END = """  colour = vec4(radiance, 0, 0, alpha);
}
"""

SURFACES = {
    "SKIN": """
  vec2 w = around(place); vec4 t = texture(skin, w);
  float front = smoothstep(0.02, -0.08, place.y);
  float line = place.z - (-0.118 - 0.026 * front + 0.02 * (1. - front));
  bool dressed = line < -0.003 * noise(place * 60.);
  float weave = noise(place * vec3(260, 260, 90));
  float stripes = pattern < 0.35 ? 0. : pattern < 0.6 ? step(0.5, fract(place.z * 38.)) : noise(place * 40.);
  float c = clamp(cloth * (0.75 + 0.35 * weave) * (1. - 0.5 * stripes * step(0.35, pattern)), 0.01, 0.9);
  if (infrared) c = mix(c, 0.45, 0.5);
  if (belt != 0. && abs(place.x * belt * 0.62 + place.z + 0.185) < 0.026 && place.y < 0.05) c = 0.06;
  if (line > -0.012) c *= 0.75;
  float fold = noise(place * vec3(18, 18, 9)) - 0.5;
  vec2 px = vec2(1. / 1024., 1. / 768.);
  float dx = texture(skin, w + vec2(px.x, 0)).b - t.b, dy = texture(skin, w - vec2(0, px.y)).b - t.b;
  vec3 side = normalize(cross(vec3(0, 0, 1), N) + vec3(1e-4, 0, 0)), up = cross(N, side);
  N = normalize(N - 0.55 * (dx * side + dy * up));
  if (dressed) N = normalize(N + 0.5 * fold * vec3(1, 0, 0.6));
  float a = value * t.r * 1.992; float cover = t.g;
  if (infrared) a = mix((0.50 + 0.22 * value) * mix(1., t.r * 1.992, 0.45), a, 0.05);
  float strands = infrared ? 0.25 + 0.5 * hair : (abs(w.x - .5) < .16 && w.y > .25 && w.y < .42 ? brow : hair);
  a = mix(a, strands, cover * (infrared ? 0.75 : 0.92));
  a = mix(a, 0.02, clamp(extra, 0., 1.));
  vec2 l = light(N, V, dressed ? 0.15 : 0.28, 14. + 22. * oily, sky);   // once: it costs most
  radiance = a * l.x * mix(0.68, 1., sky) + l.y * (0.35 + 0.75 * oily) * t.a * 0.65 * (1. - 0.8 * cover) * sky;
  if (dressed) radiance = c * l.x;
""",
    "EYE": """
  vec3 G = material < 1.5 ? gaze[0] : gaze[1], D = N; float g = acos(clamp(dot(D, G), -1., 1.));
  vec3 across = normalize(D - G * dot(D, G) + vec3(1e-5));
  float turn = atan(dot(across, cross(G, vec3(0, 0, 1))), across.z);
  float a = value * (1. - 0.3 * smoothstep(0.45, 1.0, g)) * (1. - 0.06 * noise(place * 900.));
  float inside = smoothstep(iris_angle * 1.04, iris_angle * 0.97, g);
  float dark = infrared ? mix(iris, 0.3, 0.6) : iris;
  float rays = 0.75 + 0.5 * noise(vec3(turn * 7., g * 26., 3.)) ;
  float ia = dark * rays * mix(1., 0.45, smoothstep(0.82, 1.0, g / iris_angle));
  a = mix(infrared ? a * 0.85 : a, ia, inside);
  float in_pupil = smoothstep(iris_angle * pupil * 1.05, iris_angle * pupil * 0.95, g);
  a = mix(a, 0.006, in_pupil);
  // The lid's shadow, and its corner's wet edge.
  float lid = mix(0.38, 1., smoothstep(-0.001, 0.0048, extra));
  float free = lid * smoothstep(1.25, 0.6, g);
  vec2 l = light(N, V, 0.3, 60., 0.85 * free);
  vec3 C = normalize(mix(D, normalize(G + 2.1 * (D - G * dot(D, G))), inside));   // the cornea bulges
  vec2 glint = light(C, V, 0., 900., 0.);
  float mirror = 0.03 * panes(reflect(-V, C)) * outside * (0.5 + inside);
  radiance = a * l.x * lid + min(glint.y, 6. * (key_power + ring_power)) * 1.3 * smoothstep(0., 0.0015, extra) + mirror * lid;
  if (infrared && in_pupil > 0.) radiance += in_pupil * bright_pupil * 0.55 * light(-lens_axis, V, 0.3, 4., 0.).x;
""",
    "MOUTH": """
  if (dot(N, V) < 0.) N = -N;
  float a = infrared ? value * 1.3 : value; radiance = a * light(N, V, 0.4, 30., 0.35 * sky).x * (0.2 + 0.8 * sky);
""",
    "TEETH": """
  if (dot(N, V) < 0.) N = -N;
  float gaps = smoothstep(0.04, 0.14, abs(fract(place.x * 125. + 0.5) - 0.5));
  vec2 l = light(N, V, 0.5, 40., 0.6); radiance = value * sky * (0.55 + 0.45 * gaps) * l.x * 0.8 + 0.2 * l.y;
""",
    "CLOTH": """
  if (dot(N, V) < 0.) N = -N;
  float weave = material < 5.5 ? 0.75 + 0.4 * noise(place * 420.) : 0.85 + 0.3 * noise(place * 24.);
  float a = clamp(value * weave, 0.005, 0.95); if (infrared) a = mix(a, 0.4, material < 5.5 ? 0.5 : 0.2);
  vec2 l = light(N, V, 0.15, 10., sky); radiance = a * l.x + 0.1 * l.y;
""",
    "HAIR": """
  if (dot(N, V) < 0.) N = -N;
  // `extra` is the layer's height 0..1, `value` the strands' length (m; below 0: a sheet of its own, not on the skin).
  vec3 root = place - vec3(0, 0.35, -0.35) * max(0., value) * extra * extra;
  float strand = noise(root * vec3(900, 900, 260)) * 0.75 + 0.25 * noise(root * 160.);
  bool grown = (value <= 0. || texture(skin, around(place)).g >= 0.3) && strand >= extra * 0.85 + 0.06;
  float a = infrared ? 0.06 + 0.4 * hair : hair; a *= 0.55 + 0.9 * noise(root * vec3(420, 420, 60));
  a *= mix(0.5, 1.1, extra);
  vec3 T = normalize(cross(N, vec3(1, 0, 0.1))); float sheen = pow(max(0., 1. - abs(dot(T, V))), 6.);
  vec2 l = light(N, V, 0.35, 20., sky); radiance = a * l.x + 0.05 * sheen * l.x + 0.12 * l.y * (0.3 + hair);
  if (!grown) discard;   // last: one in the middle costs the software renderer half as much again
""",
    "FRAME": """
  if (dot(N, V) < 0.) N = -N;
  vec2 l = light(N, V, 0.05, 80., sky); radiance = (infrared ? mix(value, 0.3, 0.3) : value) * l.x + 0.8 * l.y;
""",
    "LENS": """
  if (dot(N, V) < 0.) N = -N;
  float f = 0.04 + 0.6 * pow(1. - min(1., abs(dot(N, V))), 5.); vec3 R = reflect(-V, N);
  radiance = panes(R) * outside * (0.35 * f + glare * 0.4 * smoothstep(0.3, 0.7, noise(R * 5.))) * (infrared ? 0.3 : 1.) + light(N, V, 0., 1800., 0.).y * 1.5;
  alpha = 1. - (infrared ? mix(1., tint, 0.7) : tint) ;
  if (alpha > 0.5) radiance += 0.004 * sky_power;
  colour = vec4(radiance, 0, 0, max(alpha, clamp(radiance * 0.2, 0., 0.9)));
  colour.r = radiance / max(1e-4, colour.a); return;
""",
    "CABIN": """
  if (dot(N, V) < 0.) N = -N;
  float a = value * (0.85 + 0.3 * noise(place * 24.)); if (infrared) a = mix(a, 0.4, 0.3);
  float l = 0.;
  for (int i = 0; i < keys; i++) {
    vec3 L = key_at - at; float d = dot(L, L);
    l += (key_falls ? key_power / max(0.02, d) : 0.35 * key_power) * max(0., dot(N, L) * inversesqrt(d));
  }
  for (int i = 0; i < rings; i++) {
    vec3 L = ring_at - at; float d = dot(L, L);
    l += ring_power / d * pow(max(0., dot(-L * inversesqrt(d), lens_axis)), ring_spot) * max(0., dot(N, L) * inversesqrt(d));
  }
  l += sky * (sky_power * mix(0.25, 1., N.z * .5 + .5) * (0.6 - 0.4 * N.y) + ground_power * (0.5 - 0.5 * N.z));
  radiance = a * l;
""",
    "GLOW": """
  radiance = value * outside * (0.4 + 0.8 * noise(place * 2.6 + extra) * (0.6 + 0.5 * noise(place * 9. + extra)));
""",
    "LASH": """
  if (dot(N, V) < 0.) N = -N;
  float stripes = smoothstep(0.75, 0.2, abs(fract(place.x * (place.z > 0.5 ? 22. : 38.)) - 0.5) * 2. + 0.5 * place.y);
  alpha = clamp(extra * (0.75 * stripes + 0.3 * (1. - place.y)) * (1.1 - 0.95 * place.y), 0., 0.9);
  radiance = (infrared ? 0.1 : 0.02) * light(N, V, 0.5, 8., 0.6).x;
""",
}


class Lit(NamedTuple):
    """What lights a scene, as far as a program must be compiled for it."""

    keys: int  # 0 | 1
    fills: int  # 0..4
    rings: int  # 0 | 1
    infrared: bool


def fragment(surface: str, lit: Lit) -> str:
    """Return the fragment shader of one of SURFACES."""
    known = f"const int keys = {lit.keys}, fills = {lit.fills}, rings = {lit.rings};\n"
    known += f"const bool infrared = {str(lit.infrared).lower()};\n"
    return "#version 330\n" + known + COMMON + BEGIN + SURFACES[surface] + END
