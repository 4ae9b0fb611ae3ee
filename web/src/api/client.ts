/** The one way from the pages to the server. Every call carries the session's cookie and, when it changes something, its CSRF token. */
import type { Refusal } from "./types";

export const governance = "/api/governance/1.0";
export const mlflow = "/ajax-api/2.0/mlflow";
export const databricks = "/api/2.0";

/** What the server answered instead of a result; status 0 means that it could not be reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: readonly unknown[];
  readonly refusal: Refusal | undefined;

  constructor(status: number, code: string, message: string, details: readonly unknown[] = [], refusal?: Refusal) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.details = details;
    this.refusal = refusal;
  }
}

export type Params = Record<string, string | number | boolean | readonly string[] | null | undefined>;

export interface CallOptions {
  params?: Params;
  /** Sent as JSON; a FormData, Blob or string goes as it stands. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Refuse the change unless the object still has this ETag. */
  ifMatch?: string | undefined;
  signal?: AbortSignal;
}

/** An answer with what its headers say. */
export interface Answer<T> {
  body: T;
  etag: string | undefined;
}

let csrf = "";
const signedOut = new Set<() => void>();

/** Keeps the token that the session's cookie is proved with; the session provider calls it. */
export function setCsrf(token: string) {
  csrf = token;
}

/** Calls `listener` whenever the server says that there is no session; answers how to stop that. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

/** Writes an address with its parameters; absent and null ones are left out, lists repeat their name. */
export function address(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value]) query.append(name, String(one));
  }
  const text = query.toString();
  const full = path.startsWith("/api/") || path.startsWith("/ajax-api/") || path.startsWith("/mlflow/") ? path : governance + path;
  return text === "" ? full : `${full}${full.includes("?") ? "&" : "?"}${text}`;
}

function isPlain(body: unknown): boolean {
  return !(typeof body === "string" || body instanceof FormData || body instanceof Blob || body instanceof ArrayBuffer);
}

function requestOf(method: string, options: CallOptions): RequestInit {
  const headers = new Headers(options.headers);
  headers.set("Accept", headers.get("Accept") ?? "application/json");
  if (method !== "GET") headers.set("X-CSRF-Token", csrf);
  if (options.ifMatch) headers.set("If-Match", options.ifMatch);
  const request: RequestInit = { method, headers, credentials: "same-origin", redirect: "error" };
  if (options.signal) request.signal = options.signal;
  if (options.body !== undefined) {
    if (isPlain(options.body)) headers.set("Content-Type", "application/json");
    request.body = isPlain(options.body) ? JSON.stringify(options.body) : (options.body as BodyInit);
  }
  return request;
}

/** Sends a request and gives the raw response; throws ApiError for every answer that is not 2xx. */
export async function send(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address(path, options.params), requestOf(method, options));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "UNREACHABLE", "The server could not be reached. Check the connection, then try again.");
  }
  if (response.ok) return response;
  const error = failure(response.status, response.statusText, await response.text());
  if (error.status === 401) for (const listener of signedOut) listener();
  throw error;
}

interface Failure {
  error_code?: string;
  message?: string;
  detail?: string;
  details?: unknown;
  refusal?: Refusal;
}

/** Reads an error as any of the server's protocols writes it. */
export function failure(status: number, statusText: string, text: string): ApiError {
  const body = parsed(text);
  const message = body.message ?? body.detail ?? (statusText === "" ? `The server answered ${status}.` : `The server answered ${status} ${statusText}.`);
  const details = Array.isArray(body.details) ? (body.details as unknown[]) : [];
  return new ApiError(status, body.error_code ?? `HTTP_${status}`, message, details, body.refusal);
}

function parsed(text: string): Failure {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Calls and decodes JSON; an empty answer is undefined. */
export async function call<T>(method: string, path: string, options?: CallOptions): Promise<Answer<T>> {
  const response = await send(method, path, options);
  const text = await response.text();
  return { body: (text === "" ? undefined : JSON.parse(text)) as T, etag: response.headers.get("ETag") ?? undefined };
}

export const get = async <T>(path: string, params?: Params, options: CallOptions = {}): Promise<T> =>
  (await call<T>("GET", path, params ? { ...options, params } : options)).body;

export const post = async <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> =>
  (await call<T>("POST", path, { ...options, body: body ?? {} })).body;

export const put = async <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> =>
  (await call<T>("PUT", path, { ...options, body: body ?? {} })).body;

export const patch = async <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> =>
  (await call<T>("PATCH", path, { ...options, body: body ?? {} })).body;

export const del = async <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> =>
  (await call<T>("DELETE", path, body === undefined ? options : { ...options, body })).body;

/** Fetches a file with the session and hands it to the browser to save. */
export async function download(path: string, name: string, params?: Params, accept = "*/*"): Promise<void> {
  const options: CallOptions = { headers: { Accept: accept } };
  const response = await send("GET", path, params ? { ...options, params } : options);
  saveAs(await response.blob(), nameFrom(response.headers.get("Content-Disposition")) ?? name);
}

/** Hands a blob to the browser to save under a name. */
export function saveAs(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Takes the file's name out of a Content-Disposition header. */
export function nameFrom(header: string | null): string | undefined {
  const starred = header?.match(/filename\*=UTF-8''([^;]+)/i)?.[1];
  if (starred !== undefined) return decodeURIComponent(starred);
  return header?.match(/filename="?([^";]+)"?/i)?.[1];
}
