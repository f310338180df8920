// Recorded exchanges with Auth0 (go-vcr YAML), and how an answer of ours compares with a recorded one.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";

// Every interaction below the folder: { name, request, answer }, by name.
export function loadRecordings(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".yaml")).sort().flatMap((file) => {
    const { interactions } = parse(readFileSync(path.join(folder, file), "utf8"));
    return interactions.map(({ request, response }, index) => ({
      name: file.replace(/\.yaml$/, "") + (interactions.length > 1 ? ` ${index + 1}` : ""),
      request: { method: request.method, path: new URL(request.url).pathname, type: request.headers["Content-Type"]?.[0], parameters: parametersOf(request) },
      answer: { status: response.code, type: mediaType(response.headers["Content-Type"]?.[0]), text: response.body },
    }));
  });
}

const mediaType = (field) => field?.split(";")[0].trim().toLowerCase();

// A recorded form is complete where the body beside it was edited by hand.
function parametersOf({ body, form }) {
  if (Object.keys(form ?? {}).length) return Object.fromEntries(Object.entries(form).map(([name, [value]]) => [name, value]));
  return body ? JSON.parse(body) : undefined;
}

// Sends a recorded request to the issuer. replace: parameters that name things of the recorded tenant; undefined drops one.
export async function replay({ request }, issuer, { replace = {}, path: otherPath, headers = {} } = {}) {
  const parameters = request.parameters && { ...request.parameters, ...replace };
  for (const name of Object.keys(parameters ?? {})) if (parameters[name] === undefined) delete parameters[name];
  const body = parameters && (/json/.test(request.type) ? JSON.stringify(parameters) : String(new URLSearchParams(parameters)));
  const answer = await fetch(new URL(otherPath ?? request.path, issuer), { method: request.method, body, headers: { ...(body && { "content-type": request.type }), ...headers }, redirect: "manual" });
  return { status: answer.status, type: mediaType(answer.headers.get("content-type") ?? undefined), text: await answer.text() };
}

const kind = (value) => value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
// Values that programs decide by, so they must be the same and not only of the same type.
const decisive = new Set(["error", "code", "name", "statusCode", "authenticator_type", "binding_method", "oob_channel", "challenge_type", "token_type"]);

function* differencesOf(recorded, ours, at) {
  if (kind(recorded) !== kind(ours)) yield `${at || "the answer"} is of type ${kind(ours)}, recorded ${kind(recorded)}`;
  else if (kind(recorded) === "array") {
    if (recorded.length && !ours.length) yield `${at} is empty`;
    else if (recorded.length) yield* differencesOf(recorded[0], ours[0], `${at}[0]`);
  } else if (kind(recorded) === "object") {
    for (const key of Object.keys(recorded)) if (!(key in ours)) yield `there is no "${key}"`;
    for (const key of Object.keys(ours)) if (!(key in recorded)) yield `"${key}" is more than was recorded`;
    for (const key of Object.keys(recorded).filter((name) => name in ours)) yield* differencesOf(recorded[key], ours[key], key);
  } else if (decisive.has(at) && recorded !== ours) yield `${at} is ${JSON.stringify(ours)}, recorded ${JSON.stringify(recorded)}`;
}

const json = (text) => { try { return JSON.parse(text); } catch { return undefined; } };

// What differs: status, media type, keys, types of values, error codes; of plain text, the text. Nothing: [].
export function differences(recorded, ours) {
  const found = [];
  if (recorded.status !== ours.status) found.push(`status ${ours.status}, recorded ${recorded.status}`);
  if (recorded.text && recorded.type !== ours.type) found.push(`${ours.type ?? "no media type"}, recorded ${recorded.type}`);
  const [wanted, got] = [json(recorded.text), json(ours.text)];
  if (wanted && got) found.push(...differencesOf(wanted, got, ""));
  else if (recorded.text !== ours.text) found.push(`the body is ${JSON.stringify(ours.text.slice(0, 120))}, recorded ${JSON.stringify(recorded.text.slice(0, 120))}`);
  return found;
}

// The same sentence, too: nobody should decide by it, yet some do.
export const hasSameWords = (recorded, ours) => json(recorded.text)?.error_description === json(ours.text)?.error_description;
