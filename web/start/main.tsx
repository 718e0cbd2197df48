import '../kit/kit.css';
import { mount } from '../kit/mount.tsx';

mount(<p>Holdfast</p>);
