import { renderTemplate } from "../../../system/index.ts";
import type { DomainView } from "./view.ts";

/** The domain as XML. */
export function renderDomain(view: DomainView): Promise<string> {
  return renderTemplate("libvirt/domain.xml", view, { escape: "xml" });
}
