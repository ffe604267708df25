// A code before a camera: an EAN-13 code as bars, or a part of a screen, and a film of it that Chromium shows instead of what a camera sees.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LEFT = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"];
const TURNED = ["LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"];
const inverted = (bars) => [...bars].map((bar) => (bar === "1" ? "0" : "1")).join("");
const reversed = (bars) => [...bars].reverse().join("");

// One letter a module; "1" is black.
function modules(code) {
  const digits = [...code].map(Number);
  const left = digits.slice(1, 7).map((digit, at) => (TURNED[digits[0]][at] === "L" ? LEFT[digit] : reversed(inverted(LEFT[digit]))));
  const right = digits.slice(7).map((digit) => inverted(LEFT[digit]));
  return `101${left.join("")}01010${right.join("")}101`;
}

const [WIDTH, HEIGHT, MODULE] = [640, 480, 4];

// Grey bars on lighter grey, as in a room. Answers the file.
export function filmOf(code) {
  const bars = modules(code);
  const begins = Math.round((WIDTH - bars.length * MODULE) / 2);
  const light = Buffer.alloc(WIDTH * HEIGHT, 190);
  for (let y = 140; y < 340; y += 1) {
    [...bars].forEach((bar, at) => bar === "1" && light.fill(50, y * WIDTH + begins + at * MODULE, y * WIDTH + begins + (at + 1) * MODULE));
  }
  return filmed(light);
}

// A part of a screen before the camera. Answers the file.
export async function filmOfPart(context, part) {
  const picture = `data:image/png;base64,${(await part.screenshot()).toString("base64")}`;
  const blank = await context.newPage();
  const light = await blank.evaluate(
    async ([picture, width, height]) => {
      const image = new Image();
      image.src = picture;
      await image.decode();
      const pen = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
      pen.fillStyle = "#bbb";
      pen.fillRect(0, 0, width, height);
      const side = height - 60;
      pen.drawImage(image, (width - side) / 2, 30, side, side);
      return Array.from(pen.getImageData(0, 0, width, height).data).filter((_, at) => at % 4 === 1);
    },
    [picture, WIDTH, HEIGHT],
  );
  await blank.close();
  return filmed(Buffer.from(light));
}

function filmed(light) {
  const colours = Buffer.alloc((WIDTH / 2) * (HEIGHT / 2) * 2, 128);
  const frame = Buffer.concat([Buffer.from("FRAME\n"), light, colours]);
  const file = join(mkdtempSync(join(tmpdir(), "soko-film-")), "film.y4m");
  writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), frame, frame]));
  return file;
}
