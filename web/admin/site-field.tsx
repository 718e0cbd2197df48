/** At which site: asked only where there are several, and never answered by the page itself. */
import { SelectField } from '../kit/field.tsx';
import { t } from './messages.ts';
import type { Sites } from './session.ts';

type SiteFieldProps = {
  sites: Sites;
  site: string;
  error?: string | null;
  onSite: (site: string) => void;
};

export function SiteField({ sites, site, error = null, onSite }: SiteFieldProps) {
  return (
    <SelectField
      label={t('people.site')}
      value={site}
      error={error}
      onChange={(event) => onSite(event.target.value)}
    >
      <option value="">{t('people.siteChoose')}</option>
      {sites.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}
