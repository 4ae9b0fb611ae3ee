import { createHashRouter, type RouteObject } from "react-router";
import { Loading, NotFound, RouteProblem, SignedIn } from "./Fallbacks";
import { FolderByID, RunByID } from "./Resolve";
import { Root } from "./Root";
import { Shell } from "./Shell";

/** A screen's module exports `Page`; its chunk is loaded when the screen is first opened. */
const screen = (path: string, load: () => Promise<{ Page: () => React.ReactNode }>): RouteObject => ({
  path,
  lazy: async () => ({ Component: (await load()).Page }),
  errorElement: <RouteProblem />,
});

const screens: RouteObject[] = [
  screen("/workspace", () => import("../workspace/WorkspacePage")),
  screen("/files/:id", () => import("../workspace/FilePage")),
  screen("/notebooks/:id", () => import("../notebook/NotebookPage")),
  screen("/experiments", () => import("../experiments/ExperimentsPage")),
  screen("/experiments/:id", () => import("../experiments/ExperimentPage")),
  screen("/experiments/:id/runs/:run", () => import("../experiments/RunPage")),
  screen("/experiments/:id/models/:modelId", () => import("../experiments/LoggedModelPage")),
  screen("/compare", () => import("../experiments/ComparePage")),
  screen("/models", () => import("../models/ModelsPage")),
  screen("/models/:name", () => import("../models/ModelPage")),
  screen("/models/:name/versions/:version", () => import("../models/VersionPage")),
  screen("/requests", () => import("../models/RequestsPage")),
  screen("/access", () => import("../access/AccessPage")),
  screen("/audit", () => import("../audit/AuditPage")),
  screen("/settings", () => import("../settings/SettingsPage")),
  screen("/settings/:section", () => import("../settings/SettingsPage")),
  screen("/account", () => import("../account/AccountPage")),
  { path: "/runs/:run", element: <RunByID /> },
  { path: "/folders/:id", element: <FolderByID /> },
  { path: "/sign-in", element: <SignedIn /> },
  { path: "*", element: <NotFound /> },
];

/** Makes the router; it reads the address at once, so the address must have been put right before. */
export const makeRouter = () =>
  createHashRouter([
    {
      element: <Root />,
      errorElement: <RouteProblem />,
      hydrateFallbackElement: <Loading />,
      children: [{ element: <Shell />, children: [screen("/", () => import("../home/HomePage")), ...screens] }],
    },
  ]);
