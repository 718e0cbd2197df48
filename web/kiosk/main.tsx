import '../kit/kit.css';
import './kiosk.css';
import './screens/door.css';
import './screens/screens.css';
import './screens/rest.css';
import { mount } from '../kit/mount.tsx';
import { Kiosk } from './kiosk.tsx';
import { beginToSpeak } from './languages.ts';

const inLanguageOf = beginToSpeak();
mount(<Kiosk inLanguageOf={inLanguageOf} />);
