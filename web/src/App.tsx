import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { BrowserRouter } from "react-router";
import { ErrorBoundary } from "./components/ErrorBoundary";
import { PageSkeleton } from "./components/PageSkeleton";
import { makeQueryClient } from "./data/client";
import { followOtherTabs } from "./data/session";
import { nonce } from "./nonce";
import { AppRoutes } from "./routes";
import { cssVariablesResolver, theme } from "./theme";

/** The whole app, with what all of its parts need around it. */
export function App() {
  const [client] = useState(makeQueryClient);
  useEffect(() => followOtherTabs(client, window), [client]);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={client}>
        <BrowserRouter>
          <Suspense fallback={<PageSkeleton />}>
            <ErrorBoundary>
              <AppRoutes />
            </ErrorBoundary>
          </Suspense>
        </BrowserRouter>
      </QueryClientProvider>
    </MantineProvider>
  );
}
